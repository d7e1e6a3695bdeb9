"""What each item kind means: from a believed item to an operation of a subject, and the verdict on it.

One row of KINDS per (kind, version). A handler raises Problem to quarantine its item, or NeedsError to let it
wait; either way nothing that it wrote stays (the caller holds a savepoint around it).
"""

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session

from server.casework import operations as casework
from server.errors import flat
from server.evidence.rules import DeclaredPhoto
from server.gateway.payloads import REPORT, TASK_EVENT
from server.identity.field import field_officer
from server.ledger.operations import meet
from server.problems import Problem
from sync.handset_time import Corrected
from sync.item import Item, State, Verdict

Handler = Callable[[Session, Item, Corrected, Mapping[str, Any]], Verdict]


class NeedsError(Exception):
    """The item must wait for ``needs`` (rendezvous keys such as ``task:<uuid>``)."""

    def __init__(self, needs: list[str]) -> None:
        super().__init__(needs)
        self.needs = needs


def handle(session: Session, item: Item, corrected: Corrected) -> Verdict:
    """Interpret one item. Raises Problem (quarantine) or NeedsError (wait)."""
    found = KINDS.get((item.kind, item.kv))
    if found is None:
        raise NeedsError([f"kind:{item.kind[:32]}:{item.kv}"])
    shape, handler = found
    try:
        payload: Mapping[str, Any] = shape.load(dict(item.payload))
    except ValidationError as error:
        messages = {f"payload.{name}": texts for name, texts in flat({"json": error.messages}).items()}
        raise Problem("validation", errors=messages) from error
    return handler(session, item, corrected, payload)


def _report(session: Session, item: Item, corrected: Corrected, payload: Mapping[str, Any]) -> Verdict:
    position = payload["position"]
    report = casework.Report(
        item_id=item.key.item_id,
        scheme=payload["category"]["scheme"],
        category_code=payload["category"]["code"],
        description=payload["description"],
        lon=position["lon"],
        lat=position["lat"],
        crs=position["crs"],
        accuracy_m=position["accuracy_m"],
        captured_at=corrected.claimed,
        captured_at_corrected=corrected.at,
        source="handset",
        photos=_photos(payload),
    )
    case_id = casework.report_case(session, _reporter(session, item), report)
    return Verdict(State.APPLIED, {"case_id": str(case_id)})


def _task_event(session: Session, item: Item, corrected: Corrected, payload: Mapping[str, Any]) -> Verdict:
    key = f"task:{payload['task_id']}"
    # Locked before looking: dispatching meets the same key, so one of the two always sees the other.
    meet(session, [key])
    answer = casework.TaskAnswer(
        item_id=item.key.item_id,
        task_id=payload["task_id"],
        assignment_no=payload["assignment_no"],
        event=payload["event"],
        result=payload["result"],
        note=payload["note"],
        captured_at=corrected.claimed,
        captured_at_corrected=corrected.at,
        photos=_photos(payload),
    )
    try:
        verdict = casework.answer_task(session, _reporter(session, item), answer)
    except casework.UnknownTask as error:
        raise NeedsError([key]) from error
    members = {"case_id": str(verdict.case_id)}
    if verdict.superseded_slug is not None:
        return Verdict(State.SUPERSEDED, {**members, "problem": Problem(verdict.superseded_slug).body()})
    return Verdict(State.APPLIED, members)


def _reporter(session: Session, item: Item) -> casework.Reporter:
    officer = field_officer(session, item.officer_id)
    return casework.Reporter(
        officer_id=item.officer_id,
        install_id=item.install_id,
        agency_id=officer.agency_id,
        squad_id=officer.squad_id,
        capacity=officer.capacity,
    )


def _photos(payload: Mapping[str, Any]) -> tuple[DeclaredPhoto, ...]:
    return tuple(DeclaredPhoto(**photo) for photo in payload["photos"])


KINDS: dict[tuple[str, int], tuple[Schema, Handler]] = {
    ("report", 1): (REPORT, _report),
    ("task_event", 1): (TASK_EVENT, _task_event),
}
