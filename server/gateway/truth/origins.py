"""Effects against their items: no case, answer, amendment, shift, track or evidence comes from nowhere."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.casework.models import Amendment, Case, FieldShift, TaskEvent, Track
from server.evidence.models import Evidence
from server.gateway.models import InboxItem
from server.gateway.truth.finding import Check, Finding, Step
from sync.item import State

_AT_ONCE = 500
# (table, the column that names the item); every effect is of an applied item or of a fact kept without effect.
_TABLES: tuple[tuple[Any, Any], ...] = (
    (Case, Case.origin_item_id),
    (TaskEvent, TaskEvent.item_id),
    (Amendment, Amendment.item_id),
    (FieldShift, FieldShift.item_id),
    (Track, Track.item_id),
    (Evidence, Evidence.item_id),
)
_EFFECTIVE = (State.APPLIED.value, State.SUPERSEDED.value)


def origins(reading: Callable[[Callable[[Session, UUID | None], Step]], Callable[[Any], Step]]) -> list[Check]:
    """Return one check per table; ``reading`` runs a step in a snapshot of its own."""
    return [Check(f"origin of {model.__tablename__}", reading(_step(model, item))) for model, item in _TABLES]


def _step(model: Any, item: Any) -> Callable[[Session, UUID | None], Step]:  # noqa: ANN401 (a table and its column)
    def step(session: Session, after: UUID | None) -> Step:
        chosen = select(model.id, model.install_id, item).order_by(model.id).limit(_AT_ONCE)
        rows = session.execute(chosen if after is None else chosen.where(model.id > after)).all()
        known = _known(session, rows)
        name = model.__tablename__
        findings = [
            Finding(
                "no-item", "effect_doubled", f"install:{install_id}", f"{name} {row_id}: item {item_id} is not applied"
            )
            for row_id, install_id, item_id in rows
            # What a desk registered comes from no item.
            if install_id is not None and (install_id, item_id) not in known
        ]
        return Step(findings, len(rows), rows[-1][0] if len(rows) == _AT_ONCE else None)

    return step


def _known(session: Session, rows: Any) -> set[tuple[UUID, UUID]]:  # noqa: ANN401 (rows of any effect's table)
    if not rows:
        return set()
    found = session.execute(
        select(InboxItem.install_id, InboxItem.item_id).where(
            InboxItem.install_id.in_({install_id for _row_id, install_id, _item_id in rows}),
            InboxItem.item_id.in_({item_id for _row_id, _install_id, item_id in rows}),
            InboxItem.is_primary,
            InboxItem.state.in_(_EFFECTIVE),
        )
    )
    return {(install_id, item_id) for install_id, item_id in found}
