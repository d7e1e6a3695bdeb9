"""An install's counters and receipts against its inbox rows: what a handset believes is stored must be there."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.gateway.models import InboxItem
from server.gateway.truth.finding import Finding, Step
from server.gateway.truth.runs import Runs
from server.identity.models import Install
from server.ledger.models import FeedMark, FeedScope
from sync.item import sum_text, summand

_ROWS_AT_ONCE = 5000


@dataclass
class _Books:
    """What the rows of one install add up to; grows with its gaps and receipts, not with its items."""

    rows: int = 0
    last: int = 0
    total: int = 0
    holes: int = 0
    dseq: Runs = field(default_factory=Runs)
    receipts: dict[UUID, str] = field(default_factory=dict)

    def add(self, row: Any) -> None:  # noqa: ANN401 (a row of the inbox)
        self.rows += 1
        self.holes += row.n != self.last + 1
        self.last = row.n
        self.total += summand(row.fingerprint)
        if row.version is not None and row.is_primary:
            self.receipts[row.item_id] = row.version


def counters(session: Session, after: UUID | None) -> Step:
    """Check one install, in order of ids; its rows are read in chunks of one snapshot."""
    chosen = select(
        Install.id, Install.item_count, Install.item_sum, Install.dseq_through, Install.dseq_beyond
    ).order_by(Install.id)
    install = session.execute((chosen if after is None else chosen.where(Install.id > after)).limit(1)).one_or_none()
    if install is None:
        return Step([], 0, None)
    books = _Books()
    for rows in _chunks(session, install.id):
        books.dseq.add(row.dseq for row in rows if row.dseq is not None)
        for row in rows:
            books.add(row)
    subject = f"install:{install.id}"
    told = [*_counts(install, books), *_numbers(install, books)]
    findings = [Finding(check, "count_mismatch", subject, says) for check, says in told]
    findings += _receipts(session, install.id, books)
    return Step(findings, books.rows, install.id)


def _chunks(session: Session, install_id: UUID) -> Iterator[list[Any]]:
    last = 0
    while True:
        rows = session.execute(
            select(
                InboxItem.item_id,
                InboxItem.n,
                InboxItem.dseq,
                InboxItem.fingerprint,
                InboxItem.is_primary,
                InboxItem.version,
            )
            .where(InboxItem.install_id == install_id, InboxItem.n > last)
            .order_by(InboxItem.n)
            .limit(_ROWS_AT_ONCE)
        ).all()
        yield list(rows)
        if len(rows) < _ROWS_AT_ONCE:
            return
        last = rows[-1].n


def _counts(install: Any, books: _Books) -> Iterator[tuple[str, str]]:  # noqa: ANN401 (a row of install)
    if books.holes:
        yield "numbers-missing", f"{books.rows} rows up to n = {books.last}: {books.holes} gaps"
    if install.item_count != books.last or install.item_count != books.rows:
        yield "count-off", f"item_count is {install.item_count}, {books.rows} rows end at n = {books.last}"
    if install.item_sum != sum_text(books.total):
        yield "sum-off", f"item_sum is {install.item_sum}, the rows give {sum_text(books.total)}"


def _numbers(install: Any, books: _Books) -> Iterator[tuple[str, str]]:  # noqa: ANN401 (a row of install)
    """Check that every dseq the counters claim has a row.

    The other way is not checked: what is damaged may claim any number and is left out by the counters, and runs
    beyond many gaps are forgotten; both are told as missing, which is harmless.
    """
    claimed: Iterable[tuple[int, int]] = [(1, install.dseq_through), *map(tuple, json.loads(install.dseq_beyond))]
    absent = [gap for first, last in claimed if last >= first for gap in books.dseq.missing(first, last)]
    if absent:
        yield "dseq-claimed", f"claimed as stored, but without a row: {absent[:5]}"


def _receipts(session: Session, install_id: UUID, books: _Books) -> Iterator[Finding]:
    """Check that each receipt is marked in the install's feed at its version."""
    if not books.receipts:
        return
    scope = f"install:{install_id}"
    rows = session.execute(
        select(FeedMark.entity_id, FeedMark.version).where(FeedMark.scope == scope, FeedMark.entity_type == "receipt")
    )
    marked = {row.entity_id: row.version for row in rows}
    purged = bool(session.scalar(select(FeedScope.floor).where(FeedScope.scope == scope)))
    for item_id, version in books.receipts.items():
        known = marked.get(item_id)
        if known is None and not purged:
            yield Finding("receipt-missing", "feed_mark_missing", f"scope:{scope}", f"receipt {item_id} has no mark")
        elif known is not None and known != version:
            says = f"receipt {item_id} is at {version}, its mark at {known}"
            yield Finding("receipt-stale", "feed_mark_stale", f"scope:{scope}", says)
