"""Items against their effects: an applied item had its effect exactly once, and its photographs are expected."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.casework.models import Amendment, Case, FieldShift, TaskEvent, Track
from server.evidence.models import Evidence
from server.gateway.models import InboxItem, ItemRevision
from server.gateway.truth.finding import Finding, Step
from sync.item import State, fingerprint_of

_AT_ONCE = 500

# The column that names the item, per kind; an effect's table names the install beside it.
EFFECTS: dict[str, InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None]] = {
    "report": Case.origin_item_id,
    "self_handled": Case.origin_item_id,
    "task_event": TaskEvent.item_id,
    "amend": Amendment.item_id,
    "shift": FieldShift.item_id,
    "track": Track.item_id,
}
_DECLARING = frozenset({"report", "self_handled", "task_event", "evidence"})
# An answer that came too late is kept as an answer; of the other kinds nothing need be there.
_KEPT = {(State.SUPERSEDED.value, "task_event")}

Place = tuple[UUID, int]
Name = tuple[UUID, UUID]


def effects(session: Session, after: Place | None) -> Step:
    """Check some inbox rows, in order of install and n."""
    place = tuple_(InboxItem.install_id, InboxItem.n)
    chosen = select(InboxItem).order_by(InboxItem.install_id, InboxItem.n).limit(_AT_ONCE)
    rows = session.scalars(chosen if after is None else chosen.where(place > after)).all()
    findings = [*_altered(rows)]
    standing = [row for row in rows if row.is_primary and _has_effect(row)]
    findings += _effects(session, standing)
    findings += _declared(session, standing)
    session.expunge_all()
    return Step(findings, len(rows), (rows[-1].install_id, rows[-1].n) if len(rows) == _AT_ONCE else None)


def _has_effect(row: InboxItem) -> bool:
    return row.state == State.APPLIED or (row.state, row.kind) in _KEPT


def _altered(rows: Sequence[InboxItem]) -> Iterator[Finding]:
    """Check that each text is still the one that was acknowledged."""
    for row in rows:
        if row.purged_at is None and fingerprint_of(row.body) != row.fingerprint:
            says = f"the text of item {row.item_id} (n = {row.n}) is not the one that its fingerprint names"
            yield Finding("text-altered", "count_mismatch", _subject(row), says)


def _effects(session: Session, rows: Sequence[InboxItem]) -> Iterator[Finding]:
    for column in dict.fromkeys(EFFECTS.values()):
        mine = [row for row in rows if EFFECTS.get(row.kind or "") is column]
        counts = _counts(session, column, mine)
        for row in mine:
            count = counts[row.install_id, row.item_id]
            if count != 1:
                name = column.class_.__tablename__
                says = f"{row.kind} {row.item_id} is {row.state} and has {count} rows in {name}"
                check, alarm = ("no-effect", "effect_missing") if count == 0 else ("two-effects", "effect_doubled")
                yield Finding(check, alarm, _subject(row), says)


def _counts(
    session: Session,
    column: InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None],
    rows: Sequence[InboxItem],
) -> Counter[Name]:
    if not rows:
        return Counter()
    install = column.class_.install_id
    # Both columns: the unique index begins with the install.
    found = session.execute(
        select(install, column, func.count())
        .where(install.in_({row.install_id for row in rows}), column.in_([row.item_id for row in rows]))
        .group_by(install, column)
    )
    return Counter({(install_id, item_id): count for install_id, item_id, count in found})


def _declared(session: Session, rows: Sequence[InboxItem]) -> Iterator[Finding]:
    """Check that every photograph an item declares is expected or present as evidence of that item."""
    declaring = [row for row in rows if row.kind in _DECLARING and row.purged_at is None]
    if not declaring:
        return
    installs, items = {row.install_id for row in declaring}, [row.item_id for row in declaring]
    stored: dict[Name, Counter[str]] = {}
    for install_id, item_id, sha256 in session.execute(
        select(Evidence.install_id, Evidence.item_id, Evidence.sha256).where(
            Evidence.install_id.in_(installs), Evidence.item_id.in_(items)
        )
    ):
        stored.setdefault((install_id, item_id), Counter())[sha256] += 1
    repaired = _repaired(session, declaring)
    for row in declaring:
        body = repaired.get((row.install_id, row.item_id, row.fingerprint), row.body)
        lacking = _photos(body) - stored.get((row.install_id, row.item_id), Counter())
        if lacking:
            says = f"{row.kind} {row.item_id} declares photographs that are no evidence: {sorted(lacking)[:3]}"
            yield Finding("photo-not-declared", "effect_missing", _subject(row), says)


def _repaired(session: Session, rows: Sequence[InboxItem]) -> dict[tuple[UUID, UUID, str], bytes]:
    """Return the newest repaired text of each item that a person repaired: that is what was applied."""
    found = session.execute(
        select(ItemRevision.install_id, ItemRevision.item_id, ItemRevision.fingerprint, ItemRevision.body)
        .where(
            ItemRevision.install_id.in_({row.install_id for row in rows}),
            ItemRevision.item_id.in_([row.item_id for row in rows]),
        )
        .order_by(ItemRevision.revision)
    )
    return {(row.install_id, row.item_id, row.fingerprint): row.body for row in found}


def _photos(body: bytes) -> Counter[str]:
    try:
        document: Any = json.loads(body)
        return Counter(photo["sha256"] for photo in document["payload"].get("photos") or [])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # An applied item was readable; that it is not any more is the finding of the altered text.
        return Counter()


def _subject(row: InboxItem) -> str:
    return f"install:{row.install_id}"
