"""Shifts and tracks of one officer on one install, in the handset's own order (dseq), which no clock can disturb."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from server.casework.models import FieldShift
from server.gateway.models import InboxItem
from sync.item import Item, Key, State


@dataclass(frozen=True)
class Punch:
    """A clocking in or out, and when it was by the server's clock, as far as can be told."""

    action: str
    at: datetime | None


def key_of(item: Item) -> str:
    """Return the key that every clocking of an officer on an install brings, and that tracks wait for."""
    return f"shift:{item.install_id}:{item.officer_id}"


def punch_before(session: Session, item: Item) -> Punch | None:
    """Return the officer's last clocking before an item, None if none is known (yet)."""
    before = _punches(item).where(InboxItem.dseq < item.dseq).order_by(InboxItem.dseq.desc(), InboxItem.item_id.desc())
    row = session.execute(before.limit(1)).one_or_none()
    return None if row is None else Punch(row.action, row.captured_at_corrected)


def tracks_judged_by(session: Session, item: Item) -> Sequence[Key]:
    """Return the settled tracks between a clocking and the officer's next one: those that were judged without it."""
    following = _punches(item).where(InboxItem.dseq > item.dseq).with_only_columns(func.min(InboxItem.dseq))
    end = session.scalar(following)
    tracks = select(InboxItem.item_id, InboxItem.fingerprint).where(
        InboxItem.install_id == item.install_id,
        InboxItem.officer_id == item.officer_id,
        InboxItem.kind == "track",
        # What a person discarded stays discarded.
        (InboxItem.state == State.APPLIED)
        | ((InboxItem.state == State.SUPERSEDED) & InboxItem.outcome.contains("/not-on-shift")),
        InboxItem.is_primary.is_(True),
        InboxItem.dseq > item.dseq,
    )
    if end is not None:
        tracks = tracks.where(InboxItem.dseq < end)
    rows = session.execute(tracks.order_by(InboxItem.item_id, InboxItem.fingerprint))
    return [Key(row.item_id, row.fingerprint) for row in rows]


def _punches(item: Item) -> Select[str, datetime | None]:
    return (
        select(FieldShift.action, FieldShift.captured_at_corrected)
        .join(
            InboxItem,
            (InboxItem.install_id == FieldShift.install_id)
            & (InboxItem.item_id == FieldShift.item_id)
            & InboxItem.is_primary,
        )
        .where(FieldShift.install_id == item.install_id, FieldShift.officer_id == item.officer_id)
    )
