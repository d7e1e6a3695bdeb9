"""Plays a script to the product through its public doors, and says of each act what became of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from support.month.days import instant
from support.month.phones import Phones, place_of
from support.month.script import HANDSETS, SQUADS, Act
from support.month.town import SCHEME, Town
from werkzeug.test import TestResponse

from server.base import uuid7
from server.casework.duplicates.jobs import settle_cases
from server.casework.sweep_jobs import resume_suspended, sweep_due_soon, sweep_overdue
from server.clock import stamp

_ACTIONS = frozenset(
    ["verify", "file", "reject", "dispatch", "redo", "send_check", "close", "resume", "accept", "return", "dispose"]
)
_LOOKS = {"verify": "pre_filing_verification", "send_check": "disposal_check"}


@dataclass
class Driver:
    """The desks, the worker, and the handsets; ``requests``: the last one of a kind that a case had."""

    town: Town
    phones: Phones
    requests: dict[tuple[int, str], str] = field(default_factory=dict)

    def play(self, acts: Sequence[Act]) -> list[str]:
        """Play all acts and return what became of each."""
        told: list[str] = []
        for (minute, who), together in groupby(acts, key=lambda act: (act.at, act.who)):
            self.town.at(minute)
            now = list(together)
            told += self.phones.send(who, now) if who in HANDSETS else map(self._done, now)
        return told

    def page(self, case: int) -> dict[str, Any]:
        """Return the page of a case as the dispatcher sees it."""
        found = self.town.call("dispatcher", "GET", f"/cases/{self.phones.cases[case]}")
        assert found.status_code == 200, found.text
        page: dict[str, Any] = found.json
        return page

    def _done(self, act: Act) -> str:
        doing: Callable[[Act], bool] = self._act if act.do in _ACTIONS else getattr(self, f"_{act.do}")
        return "done" if doing(act) else "refused"

    def _act(self, act: Act) -> bool:
        said = act.said
        body: dict[str, Any] = {"action": act.do, "reason": said.get("reason")}
        if said.get("squad"):
            body["squad_id"] = str(self.town.squad(said["squad"]))
        if said.get("officer"):
            body["officer_id"] = str(self.town.people[said["officer"]].id)
        if said.get("condition"):
            body["condition_no"] = said["condition"]
        answer = self._about(act, "actions", body)
        if answer is None:
            return False
        if act.do in _LOOKS:
            self.phones.looks[act.case, _LOOKS[act.do]] += 1
            self.phones.wake([said["officer"] or self.phones.reporters[act.case]])
        elif act.do in {"dispatch", "redo"}:
            self.phones.wake(self._members(answer.json["squad_id"]))
        return True

    def _register(self, act: Act) -> bool:
        case_id = str(uuid7())
        body = {
            "id": case_id,
            "source": "hotline",
            "category": {"scheme": SCHEME, "code": act.said["code"]},
            "description": f"案件{act.case}",
            "position": {**place_of(act), "crs": "cgcs2000"},
            "agency_id": str(self.town.agency(act.said["agency"])),
        }
        answer = self.town.call(act.who, "POST", "/cases", body)
        assert answer.status_code == 201, answer.text
        self.phones.cases[act.case] = case_id
        return True

    def _reassign(self, act: Act) -> bool:
        tasks = self.page(act.case)["tasks"] if act.case in self.phones.cases else ()
        task_id = next((task["task_id"] for task in tasks if task["task_kind"] == "disposal"), None)
        if task_id is None:
            return False
        body = {"squad_id": str(self.town.squad(act.said["squad"])), "reason": "辖区调整"}
        taken = _taken(self.town.call(act.who, "POST", f"/tasks/{task_id}/reassign", body))
        if taken:
            self.phones.wake(self._members(body["squad_id"]))
        return taken

    def _ask(self, act: Act) -> bool:
        body = {"kind": act.said["kind"], "reason": "道路施工"}
        if "until" in act.said:
            body["until"] = stamp(instant(act.said["until"]))
        answer = self._about(act, "requests", body)
        if answer is not None:
            self.requests[act.case, act.said["kind"]] = answer.json["id"]
        return answer is not None

    def _decide(self, act: Act) -> bool:
        request_id = self.requests.get((act.case, act.said["kind"]))
        if request_id is None:
            return False
        body = {"verdict": act.said["verdict"], "reason": "已研究"}
        return _taken(self.town.call(act.who, "POST", f"/requests/{request_id}/decision", body))

    def _merge(self, act: Act) -> bool:
        into = self.phones.cases.get(act.said["into"])
        return into is not None and self._about(act, "merge", {"into": into, "reason": "同一处"}) is not None

    def _undo_merge(self, act: Act) -> bool:
        undone = self._about(act, "undo-merge", {"reason": "另一处"}) is not None
        if undone:
            self.phones.wake(HANDSETS)
        return undone

    def _settle(self, _act: Act) -> bool:
        with self.town.app.app_context():
            settle_cases.run()
        return True

    def _sweep(self, _act: Act) -> bool:
        with self.town.app.app_context():
            for job in (resume_suspended, sweep_due_soon, sweep_overdue):
                job.run()
        return True

    def _about(self, act: Act, what: str, body: dict[str, Any]) -> TestResponse | None:
        """Say something about a case; None if it is refused, or nobody has told the desk of the case yet."""
        if act.case not in self.phones.cases:
            return None
        answer = self.town.call(act.who, "POST", f"/cases/{self.phones.cases[act.case]}/{what}", body)
        return answer if _taken(answer) else None

    def _members(self, squad_id: str) -> list[str]:
        return [who for who, squad in SQUADS.items() if str(self.town.squad(squad)) == squad_id]


def _taken(answer: TestResponse) -> bool:
    """Tell whether a step was taken; a refusal is one that the product explains."""
    assert answer.status_code < 300 or answer.status_code in {403, 404, 409, 422}, answer.text
    return answer.status_code < 300
