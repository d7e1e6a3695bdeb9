"""The script's handsets on the wire: what they were shown, what they record out of reach, when they come for more."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from support.duty import SESSION, post, proof
from support.field import FieldHandset, Item, answer_to, photo, report
from support.kinds import self_handled
from support.month.days import MIDNIGHT, instant, minute_of
from support.month.script import HANDSETS, Act, Offline
from support.month.town import SCHEME, Town

Known = tuple[int, str, int]
Task = dict[str, Any]
_A_MINUTE_MS = 60_000
_RENEWED_AFTER = timedelta(days=20)
_BOOT = "b1"


@dataclass
class Phones:
    """What handsets and desks remember: ids of cases and tasks that they were told.

    ``looks``: how many verifications and checks of a case were ordered; ``numbers``: the how-many-th a task is.
    """

    town: Town
    offline: Offline
    cases: dict[int, str] = field(default_factory=dict)
    reporters: dict[int, str] = field(default_factory=dict)
    looks: Counter[tuple[int, str]] = field(default_factory=Counter)
    numbers: dict[str, int] = field(default_factory=dict)
    shown: dict[str, dict[Known, Task]] = field(default_factory=lambda: {who: {} for who in HANDSETS})
    renewed: dict[str, datetime] = field(default_factory=dict)

    def send(self, who: str, acts: Sequence[Act]) -> list[str]:
        """Send what a handset has recorded until now, in one batch; return what became of each."""
        handset, told, sent = self.town.handsets[who], dict[int, str](), dict[int, Item]()
        for place, act in enumerate(acts):
            if act.do == "pull":
                self.pull(who)
                told[place] = "done"
            elif (item := self._item(handset, act)) is None:
                told[place] = "unknown"
            else:
                sent[place] = item
        if sent:
            results = handset.push(*sent.values(), clock=_clock(acts[0].at))["results"]
            for place, result in zip(sent, results, strict=True):
                told[place] = self._received(acts[place], result)
        return [told[place] for place in range(len(acts))]

    def pull(self, who: str) -> None:
        """Let a handset come for its changes; it keeps every round of a task that it was ever shown."""
        self._on_duty(who)
        self.town.handsets[who].pull()
        for known, task in self.mirror(who).items():
            self.shown[who].setdefault(known, task)

    def wake(self, handsets: Sequence[str]) -> None:
        """Let those in reach come at once, as a push message makes them."""
        for who in handsets:
            if self.offline.online(who, minute_of(self.town.moment)):
                self.pull(who)

    def mirror(self, who: str) -> dict[Known, Task]:
        """Return the tasks of a handset's mirror, named as the script does."""
        cases = {case_id: case for case, case_id in self.cases.items()}
        tasks = self.town.handsets[who].tasks()
        return {self._name(cases[task["case_id"]], task): task for task in tasks}

    def _name(self, case: int, task: Task) -> Known:
        """Name a task: a disposal by its round, a look by its order (who is shown a new one, is shown the newest)."""
        kind = task["task_kind"]
        if kind == "disposal":
            return case, kind, task["assignment_no"]
        return case, kind, self.numbers.setdefault(task["task_id"], self.looks[case, kind])

    def _item(self, handset: FieldHandset, act: Act) -> Item | None:
        """Write down what happened in the street; None where the handset was never shown the task."""
        if act.do == "answer":
            task = self.shown[act.who].get((act.case, act.said["kind"], act.said["round"]))
            return None if task is None else self._answer(handset, task, act)
        captured = {**_clock(act.captured), "gnss_time": None}
        seen: dict[str, object] = {
            "position": {**place_of(act), "crs": "cgcs2000", "accuracy_m": 5.0},
            "category": {"scheme": SCHEME, "code": act.said["code"]},
            "description": f"案件{act.case}",
        }
        if act.do == "self_handled":
            return handset.item("self_handled", self_handled(photo(1), photo(2), **seen), captured=captured)
        return handset.item("report", report(**seen), captured=captured)

    def _answer(self, handset: FieldHandset, task: Task, act: Act) -> Item:
        event = act.said["event"]
        after = [photo(HANDSETS.index(act.who))] if (task["task_kind"], event) == ("disposal", "done") else []
        payload = answer_to(task, event, *after, result=act.said["result"])
        return handset.item("task_event", payload, captured={**_clock(act.captured), "gnss_time": None})

    def _received(self, act: Act, result: dict[str, Any]) -> str:
        if act.do != "answer":
            assert result["state"] == "applied", result
            self.cases[act.case], self.reporters[act.case] = result["case_id"], act.who
        return {"applied": "done", "superseded": "late"}[result["state"]]

    def _on_duty(self, who: str) -> None:
        """Renew the officer's session in good time, as a handset does by itself."""
        if self.town.moment - self.renewed.setdefault(who, MIDNIGHT) > _RENEWED_AFTER:
            handset, person = self.town.handsets[who], self.town.people[who]
            signed = proof(handset, person, handset.enrolled.key, at=self.town.moment)
            renewed = post(handset, SESSION, signed)
            assert renewed.status_code == 200, renewed.text
            self.renewed[who] = self.town.moment


def place_of(act: Act) -> dict[str, float]:
    """Return where a case lies: a kilometre from all others, a further report thirty metres beside the first."""
    first = act.said["beside"]
    where = act.case if first is None else first
    beside = 0.0 if first is None else 30 / 111_195
    return {"lon": 123.0 + where % 50 * 0.011, "lat": 30.0 + where // 50 * 0.011 + beside}


def _clock(minute: int) -> dict[str, Any]:
    wall = instant(minute).isoformat(timespec="milliseconds")
    # Some time has passed since the boot at the first minute too.
    return {"wall": wall, "boot_id": _BOOT, "mono_ms": (minute + 1) * _A_MINUTE_MS}
