"""What a round's handsets do: one visit to the network per slot, with everything that was written since.

Speaks the public protocol through the crew's reference handsets.
"""

from collections.abc import Mapping
from typing import Any

from server.demo.field import Crew, SeedError, report_of
from server.demo.lives import Word
from server.demo.matters import CHECKED, FAILED_CHECK
from server.demo.plan import Size
from server.demo.rounds import BEFORE_SENDING, Event, RoundCase, pictures_of
from server.geography.crs import shown_in
from sync.handset import Handset

_OPENING = {Word.REPORT: "report", Word.HANDLE: "self_handled"}
# (task kind, event, result); what came late was recorded before the handset heard that the task was gone.
_ANSWERS: Mapping[Word, tuple[str, str, str | None]] = {
    Word.CONFIRM: ("pre_filing_verification", "done", "confirmed"),
    Word.NOT_FOUND: ("pre_filing_verification", "done", "not_found"),
    Word.ACCEPT: ("disposal", "accepted", None),
    Word.DECLINE: ("disposal", "declined", None),
    Word.FINISH: ("disposal", "done", None),
    Word.LATE_FINISH: ("disposal", "done", None),
    Word.LOOK: ("disposal_check", "accepted", None),
    Word.PASS: ("disposal_check", "done", "passed"),
    Word.LATE_PASS: ("disposal_check", "done", "passed"),
    Word.OTHER_PASS: ("disposal_check", "done", "passed"),
    Word.FAIL: ("disposal_check", "done", "failed"),
    Word.REVISITED: ("revisit", "done", "passed"),
}
FIELD_WORDS = frozenset({*_OPENING, *_ANSWERS})
_ENFORCERS = frozenset({Word.ACCEPT, Word.DECLINE, Word.FINISH, Word.LATE_FINISH})
_LATE = frozenset({Word.LATE_FINISH, Word.LATE_PASS})
_NOTES = {
    Word.CONFIRM: "现场核实，问题属实。",
    Word.NOT_FOUND: "现场未发现上报的问题。",
    Word.DECLINE: "不属于本中队职责范围，请转派。",
    Word.FAIL: FAILED_CHECK,
    Word.REVISITED: "回访现场，问题没有反弹。",
}
_TAKEN = frozenset({"applied", "superseded"})
Tasks = Mapping[tuple[str, str], dict[str, Any]]


class RoundField:
    """The handsets of all rounds. ``size``: pixels of their photographs."""

    def __init__(self, crew: Crew, size: Size) -> None:
        self._crew = crew
        self._size = size
        # What a handset saw of a task stays there until it hears otherwise.
        self._seen: dict[tuple[str, int, str], dict[str, Any]] = {}

    def visit(self, event: Event) -> None:
        """Let every handset of an event record its part and synchronise once."""
        parts: dict[str, list[tuple[Word, RoundCase]]] = {}
        for word, one in event.deeds:
            if word in FIELD_WORDS:
                parts.setdefault(_carrier(word, one), []).append((word, one))
        for login, deeds in parts.items():
            self._synchronise(login, event, deeds)

    def _synchronise(self, login: str, event: Event, deeds: list[tuple[Word, RoundCase]]) -> None:
        handset = self._crew.handset(login)
        answers = [word for word, _ in deeds if word in _ANSWERS and word not in _LATE]
        if answers:
            handset.pull()
        tasks = _tasks(handset) if answers else {}
        made = [(one, self._record(login, event, word, one, tasks)) for word, one in deeds]
        handset.upload_photos()
        # Nobody looks at a mirror before the next pull.
        handset.push(news=False)
        for one, item_id in made:
            answer = handset.outbox.item(item_id).answer or {}
            if answer.get("state") not in _TAKEN:
                raise SeedError(f"case {one.case.number}: the server answered {answer or 'nothing'}")
            self._crew.cases.setdefault(one.case.number, str(answer.get("case_id")))

    def _record(self, login: str, event: Event, word: Word, one: RoundCase, tasks: Tasks) -> str:
        snaps = [self._crew.take(picture) for picture in pictures_of(word, one, event.at, self._size)]
        if word in _OPENING:
            kind, payload, at = _OPENING[word], _opening(word, one), one.found_at
        else:
            kind, payload, at = "task_event", self._answer(login, word, one, tasks), event.at - BEFORE_SENDING
        return self._crew.handset(login).record(kind, payload, snaps, at=self._crew.reading(login, at))

    def _answer(self, login: str, word: Word, one: RoundCase, tasks: Tasks) -> dict[str, Any]:
        kind, event, result = _ANSWERS[word]
        key = login, one.case.number, kind
        task = None if word in _LATE else tasks.get((self._crew.cases[one.case.number], kind))
        task = task or self._seen.get(key)
        if task is None:
            raise SeedError(f"case {one.case.number}: no {kind} task reached the handset of {login}")
        self._seen[key] = task
        note = one.case.matter.remedy if kind == "disposal" and event == "done" else CHECKED if result else ""
        return {
            "task_id": task["task_id"],
            "assignment_no": task["assignment_no"],
            "event": event,
            "note": _NOTES.get(word, note),
            "result": result,
        }


def _carrier(word: Word, one: RoundCase) -> str:
    if word in _ENFORCERS:
        return one.case.enforcer
    return one.other if word is Word.OTHER_PASS else one.case.collector


def _tasks(handset: Handset) -> Tasks:
    """Return the newest task of each case and kind that the handset shows."""
    return {(task["case_id"], task["task_kind"]): task for task in handset.mirror.entities("task")}


def _opening(word: Word, one: RoundCase) -> dict[str, Any]:
    payload = report_of(one.case)
    lon, lat = shown_in(one.case.lon, one.case.lat, one.crs)
    payload["position"] |= {"lon": lon, "lat": lat, "crs": one.crs}
    return payload | {"measure": one.case.matter.remedy} if word is Word.HANDLE else payload
