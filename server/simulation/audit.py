"""Judges a finished story from the tables: P1 to P8, each by statements of its own against what really happened."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from photo_store import BlobMissing, BlobStore, original_key
from server.casework.models import Amendment, Case, FieldShift, FieldTask, TaskEvent, Track
from server.evidence.models import Evidence
from server.gateway.models import InboxItem
from server.identity.models import Install
from server.ledger.models import Alarm, ItemNeed
from sync.item import State
from sync.simulation import MadeItem, Truth

# The table that an applied item of a kind has exactly one row in, by its column of the item's id.
EFFECTS: Mapping[str, InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None]] = {
    "report": Case.origin_item_id,
    "self_handled": Case.origin_item_id,
    "task_event": TaskEvent.item_id,
    "amend": Amendment.item_id,
    "shift": FieldShift.item_id,
    "track": Track.item_id,
}
# A superseded answer or correction is kept as a fact; of a track outside the shift nothing is kept.
_RIGHTLY: Mapping[str, tuple[int, ...]] = {State.APPLIED: (1,), State.SUPERSEDED: (0, 1)}
# Handsets of a story are out of reach for days, and its backups are none of the product's.
_SLOW = {"photo_overdue", "item_gap", "backup_old"}
_AFTER_RESTORE = {"epoch_changed", "acked_beyond_store", "count_mismatch"}
# A file that was copied back within the minute of its backup bears no sign of it: then the mirrors tell.
_AFTER_COPY = {*_AFTER_RESTORE, "digest_mismatch"}


def audit(session: Session, truth: Truth, blobs: BlobStore) -> Iterator[tuple[str, str]]:
    """Yield (promise, what) for every breach in the store."""
    rows = _inbox(session)
    for item in truth.items:
        yield from _check_item(session, truth, item, rows.get((item.install_id, item.id), []))
    yield from _check_strangers(truth, rows)
    yield from _check_numbers(session)
    yield from _check_photos(session, truth, blobs)
    yield from _check_alarms(session, truth)


def _inbox(session: Session) -> dict[tuple[str, str], list[InboxItem]]:
    found: dict[tuple[str, str], list[InboxItem]] = {}
    for row in session.scalars(select(InboxItem)):
        found.setdefault((str(row.install_id), str(row.item_id)), []).append(row)
    return found


def _check_item(session: Session, truth: Truth, item: MadeItem, rows: Sequence[InboxItem]) -> Iterator[tuple[str, str]]:
    name = f"{item.kind} {item.id}"
    if not any(row.fingerprint == item.fingerprint for row in rows):
        yield "P7" if truth.restores else "P1", f"{name} is not in the store"
        return
    mine = next(row for row in rows if row.fingerprint == item.fingerprint)
    if sum(row.is_primary for row in rows) != 1:
        yield "P2", f"{name} is stored {len(rows)} times, and not once as the primary"
    if (item.install_id, item.id) in truth.edited:
        # Other content went under the same id: which of the two came first depends on what a restore lost.
        return
    if len(rows) != 1:
        yield "P2", f"{name} is stored {len(rows)} times"
    state = mine.state
    effects = _effects(session, item)
    if effects not in _RIGHTLY.get(state, (0,)):
        yield "P2", f"{name} is {state} and has {effects} effects"
    if not _is_explained(session, truth, item, mine):
        yield "P3", f"{name} ends {state}: {mine.outcome}"
    if state in {State.APPLIED, State.SUPERSEDED}:
        known = set(
            session.scalars(
                select(Evidence.sha256).where(
                    Evidence.install_id == UUID(item.install_id), Evidence.item_id == UUID(item.id)
                )
            )
        )
        for sha256 in set(item.photos) - known:
            yield "P4", f"photograph {sha256} of {name} is not its evidence"


def _effects(session: Session, item: MadeItem) -> int:
    column = EFFECTS.get(item.kind)
    if column is None:
        column = Evidence.item_id
        return min(1, _count(session, column, item))
    return _count(session, column, item)


def _count(
    session: Session, column: InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None], item: MadeItem
) -> int:
    table = column.class_
    counted = select(func.count()).where(column == UUID(item.id), table.install_id == UUID(item.install_id))
    return session.scalar(counted) or 0


def _is_explained(session: Session, truth: Truth, item: MadeItem, row: InboxItem) -> bool:
    """Tell whether the item's last state is what it should be: no item of a story is broken."""
    if row.state in {State.APPLIED, State.SUPERSEDED}:
        return True
    if row.state == State.QUARANTINED and item.install_id in truth.revoked:
        return True
    needs = session.scalars(select(ItemNeed.key).where(ItemNeed.item_id == row.item_id)).all()
    for_a_task = row.state == State.WAITING and all(need.startswith("task:") for need in needs)
    forbidden = (
        row.state == State.QUARANTINED and item.kind in {"task_event", "evidence"} and "forbidden" in row.outcome
    )
    if item.officer_id in truth.moved and (for_a_task or forbidden):
        # Judged by the squad of the moment when it arrives; the officer had left the task's squad by then.
        return True
    # What desks did after the backup is lost: tasks and rounds that handsets still answer do not exist.
    return bool(truth.restores) and (forbidden or (row.state == State.WAITING and _are_unknown(session, truth, needs)))


def _are_unknown(session: Session, truth: Truth, needs: Sequence[str]) -> bool:
    """Tell whether what is waited for is gone: tasks lost by a restore, items of a revoked handset."""
    gone = {item.id for item in truth.items if item.install_id in truth.revoked}
    for need in needs:
        kind, _, name = need.partition(":")
        if kind == "task" and session.get(FieldTask, UUID(name)) is not None:
            return False
        if kind not in {"task", "item"} or (kind == "item" and name not in gone):
            return False
    return True


def _check_strangers(truth: Truth, rows: Mapping[tuple[str, str], Sequence[InboxItem]]) -> Iterator[tuple[str, str]]:
    made = {(item.install_id, item.id) for item in truth.items}
    for install_id, item_id in sorted(rows.keys() - made):
        yield "P2", f"item {item_id} of install {install_id} was never recorded"


def _check_numbers(session: Session) -> Iterator[tuple[str, str]]:
    """Check that the items of an install are numbered 1 to its count, and that case numbers stand once."""
    for install_id, count in session.execute(select(Install.id, Install.item_count)):
        numbers = sorted(session.scalars(select(InboxItem.n).where(InboxItem.install_id == install_id)))
        if numbers != list(range(1, count + 1)):
            yield "P2", f"install {install_id} counts {count} and numbered {numbers}"
    issued = Counter(session.scalars(select(Case.case_no).where(Case.case_no.is_not(None))))
    for case_no, times in issued.items():
        if times > 1:
            yield "P2", f"case number {case_no} was issued {times} times"


def _check_photos(session: Session, truth: Truth, blobs: BlobStore) -> Iterator[tuple[str, str]]:
    """Check that every photograph is in the store with its own bytes and present wherever it is evidence."""
    absent = session.scalars(select(Evidence.sha256).where(Evidence.present_at.is_(None)))
    for sha256 in sorted(set(absent)):
        yield "P1", f"photograph {sha256} is still awaited"
    for sha256 in sorted(truth.hashes()):
        try:
            with blobs.open(original_key(sha256)) as original:
                if hashlib.sha256(original.read()).hexdigest() != sha256:
                    yield "P1", f"photograph {sha256} has other bytes"
        except BlobMissing:
            yield "P1", f"photograph {sha256} is not in the store"


def _check_alarms(session: Session, truth: Truth) -> Iterator[tuple[str, str]]:
    expected = _SLOW | (_AFTER_COPY if truth.copied_back else _AFTER_RESTORE if truth.restores else set[str]())
    for alarm in session.scalars(select(Alarm)):
        if alarm.name not in expected:
            yield "P8", f"alarm {alarm.name} of {alarm.subject}: {alarm.facts}"
