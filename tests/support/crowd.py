"""Several reports of one street: how far apart, how long ago, and what becomes of them when they are settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from support.field import CLOCK, FieldHandset, Item, report

from server.casework.duplicates.jobs import settle_cases
from server.casework.duplicates.policy import Policy, PolicyRow, set_policy
from server.casework.models import Case
from server.db import read, transact
from server.identity.rules import Actor

SCHEME = "gbt30428_2_2013"
# A degree of latitude is 111.2 km.
_METRE = 1 / 111_195.0
_HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Seen:
    """A problem seen so many metres north of the corner, so many hours after the first look."""

    metres: float
    hours: float = 0.0
    code: str = "0110"


def seen_by(handset: FieldHandset, seen: Seen, **changed: object) -> Item:
    """Return the item of a handset that saw it; its clock ran on for that many hours."""
    position = {"lon": 123.5, "lat": 30.5 + seen.metres * _METRE, "crs": "wgs84", "accuracy_m": 5.0}
    payload = report(position=position, category={"scheme": SCHEME, "code": seen.code}, **changed)
    later = {**CLOCK, "mono_ms": CLOCK["mono_ms"] + round(seen.hours * _HOUR_MS), "gnss_time": None}
    return handset.item(payload=payload, captured=later)


def settled(app: Flask) -> None:
    """Run the job that settles cases."""
    with app.app_context():
        settle_cases.run()


def attaching(app: Flask, actor: Actor, **changed: Any) -> None:  # noqa: ANN401 (the policy's own members)
    """Let the city attach duplicates by itself."""
    row = PolicyRow(actor.agency_id, SCHEME, "", Policy(**{"action": "attach", **changed}))
    with app.app_context():
        transact(set_policy, actor, row)


def ends(app: Flask, items: Sequence[Item]) -> list[tuple[str, int | None]]:
    """Return of each item's case the state, and the number of the item into whose case it was merged."""
    with app.app_context():
        return read(_ends, [item["id"] for item in items])


def case_of(app: Flask, item: Item) -> str:
    """Return the id of an item's case."""
    with app.app_context():
        found = read(
            lambda session: session.scalars(select(Case.id).where(Case.origin_item_id == UUID(item["id"]))).one()
        )
    return str(found)


def _ends(session: Session, item_ids: Sequence[str]) -> list[tuple[str, int | None]]:
    cases = {str(case.origin_item_id): case for case in session.scalars(select(Case))}
    numbers = {cases[item_id].id: number for number, item_id in enumerate(item_ids)}
    chosen = [cases[item_id] for item_id in item_ids]
    return [(case.state, None if case.merged_into_id is None else numbers[case.merged_into_id]) for case in chosen]
