"""Salvage: bytes that a handset could deliver in no other way, kept for a person to read; never interpreted."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select, tuple_
from sqlalchemy.orm import Session

from photo_store.fingerprint import is_sha256
from server.clock import now
from server.gateway.models import Salvage
from server.identity.models import Install, Officer
from server.identity.rules import Actor, Handset, Permission
from server.identity.scope import agencies_in
from server.keyset import Page
from server.ledger.operations import Doer, record
from server.problems import Problem, _
from server.upsert import insert

MOST_BYTES = 4 * 1024 * 1024
# A broken app that salvages in a loop must not fill the disk that everybody's reports need.
MOST_A_DAY = 200
MOST_BYTES_A_DAY = 256 * 1024 * 1024
_DAY = timedelta(days=1)
_HOUR_SECONDS = 3600
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LATEST_MS = 13  # digits; they reach the year 2286, more would overflow a date

Key = tuple[UUID, UUID, str]


@dataclass(frozen=True)
class SalvageRow:
    """One salvage as the desk lists it, without its bytes. Its name is (install_id, id, sha256)."""

    install_id: UUID
    id: UUID
    sha256: str
    media_type: str
    size: int
    received_at: datetime
    settled_at: datetime | None
    settled_by: UUID | None
    settled_reason: str | None
    install_label: str | None
    officer_id: UUID
    officer_name: str | None


def keep(session: Session, sender: Handset, salvage_id: UUID, content: bytes, media_type: str) -> tuple[str, bool]:
    """Store bytes under the sender's name for them; return their SHA-256 and whether they are new.

    Other bytes under the same id are kept beside the first. Raises too-many-attempts beyond a day's quota; bytes
    that are known already never count against it.
    """
    sha256, moment = hashlib.sha256(content).hexdigest(), now()
    fresh = insert(session, Salvage).values(
        install_id=sender.install_id,
        id=salvage_id,
        sha256=sha256,
        officer_id=sender.officer_id,
        agency_id=sender.agency_id,
        media_type=media_type,
        size=len(content),
        content=content,
        received_at=moment,
    )
    if session.execute(fresh.on_conflict_do_nothing().returning(Salvage.sha256)).first() is None:
        return sha256, False
    count, size = session.execute(
        select(func.count(), func.sum(Salvage.size)).where(
            Salvage.install_id == sender.install_id, Salvage.received_at > moment - _DAY
        )
    ).one()
    if count > MOST_A_DAY or size > MOST_BYTES_A_DAY:
        limit = f"{MOST_A_DAY} salvages or {MOST_BYTES_A_DAY // 1024**2} MiB"
        raise Problem(
            "too-many-attempts", f"A handset may send {limit} in 24 hours; keep this one.", retry_after=_HOUR_SECONDS
        )
    told = {"sha256": sha256, "size": len(content), "media_type": media_type}
    doer = Doer(sender.agency_id, sender.officer_id, sender.install_id)
    record(session, "salvage_received", ("salvage", str(salvage_id)), doer, told)
    return sha256, True


def listed(
    session: Session, scope: Sequence[str], *, settled: bool, after: str | None = None, limit: int = 50
) -> Page[SalvageRow]:
    """Return salvages of the agencies below ``scope``, newest first: those still open, or those settled."""
    statement = _rows(scope).where(Salvage.settled_at.is_not(None) if settled else Salvage.settled_at.is_(None))
    place = tuple_(Salvage.received_at, Salvage.install_id, Salvage.id, Salvage.sha256)
    if after is not None:
        statement = statement.where(place < _place(after))
    ordered = statement.order_by(
        Salvage.received_at.desc(), Salvage.install_id.desc(), Salvage.id.desc(), Salvage.sha256.desc()
    )
    rows = [SalvageRow(*row) for row in session.execute(ordered.limit(limit + 1))]
    return Page(tuple(rows[:limit]), _cursor(rows[limit - 1]) if len(rows) > limit else None)


def content(session: Session, scope: Sequence[str], key: Key) -> bytes:
    """Return the bytes of one salvage; raises not-found, also out of scope."""
    found = None
    if is_sha256(key[2]):
        found = session.scalar(select(Salvage.content).where(_named(key), Salvage.agency_id.in_(agencies_in(scope))))
    if found is None:
        raise Problem("not-found")
    return found


def settle(session: Session, actor: Actor, key: Key, reason: str) -> SalvageRow:
    """Note what a person did about a salvage; the first word stays. The bytes stay too. Raises not-found."""
    if not reason.strip():
        raise Problem("validation", errors={"reason": [_("Say what was done about it.")]})
    scope = actor.require(Permission.READ_QUARANTINE)
    mine = select(Salvage).where(_named(key), Salvage.agency_id.in_(agencies_in(scope)))
    row = session.scalar(mine.with_for_update()) if is_sha256(key[2]) else None
    if row is None:
        raise Problem("not-found")
    if row.settled_at is None:
        row.settled_at, row.settled_by, row.settled_reason = now(), actor.officer_id, reason.strip()
        doer = Doer(row.agency_id, actor.officer_id)
        told = {"sha256": row.sha256, "reason": row.settled_reason}
        record(session, "salvage_settled", ("salvage", str(row.id)), doer, told)
        session.flush()
    return SalvageRow(*session.execute(_rows(scope).where(_named(key))).one())


def _named(key: Key) -> ColumnElement[bool]:
    install_id, salvage_id, sha256 = key
    return and_(Salvage.install_id == install_id, Salvage.id == salvage_id, Salvage.sha256 == sha256)


def _rows(scope: Sequence[str]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Salvage.install_id,
            Salvage.id,
            Salvage.sha256,
            Salvage.media_type,
            Salvage.size,
            Salvage.received_at,
            Salvage.settled_at,
            Salvage.settled_by,
            Salvage.settled_reason,
            Install.label,
            Salvage.officer_id,
            Officer.name,
        )
        .outerjoin(Install, Install.id == Salvage.install_id)
        .outerjoin(Officer, Officer.id == Salvage.officer_id)
        .where(Salvage.agency_id.in_(agencies_in(scope)))
    )


def _cursor(row: SalvageRow) -> str:
    return f"{(row.received_at - _EPOCH) // _MILLISECOND}.{row.install_id}.{row.id}.{row.sha256}"


def _place(cursor: str) -> tuple[datetime, UUID, UUID, str]:
    try:
        milliseconds, install_id, salvage_id, sha256 = cursor.split(".")
        if not milliseconds.isdecimal() or len(milliseconds) > _LATEST_MS or not is_sha256(sha256):
            raise ValueError  # noqa: TRY301 (one refusal for all)
        return _EPOCH + int(milliseconds) * _MILLISECOND, UUID(install_id), UUID(salvage_id), sha256
    except ValueError as error:
        raise Problem("validation", errors={"after": [_("Must be a cursor from a previous page's next.")]}) from error
