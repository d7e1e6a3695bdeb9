"""The figures that /metrics shows, by statements that stay cheap on a city's tables: partial indexes and counters."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from server.evidence.models import Evidence, Upload
from server.gateway.models import InboxItem
from server.identity.models import Install
from server.ledger.alarms import count_open
from server.ledger.models import FeedScope

# Written as the partial index ix_inbox_item_open has it: another spelling would read the whole inbox.
_OPEN = text("state IN ('waiting', 'quarantined', 'conflict')")


@dataclass(frozen=True)
class Figures:
    """Counts and ages (in seconds, 0 when there is nothing) at one moment. ``alarms``: name → (open, times raised)."""

    alarms: dict[str, tuple[int, int]]
    items: dict[str, int]
    installs: dict[str, int]
    waiting_oldest_s: float
    interpreting_oldest_s: float
    photos_missing: int
    photos_missing_oldest_s: float
    uploads_open: int
    feed_head_max: int


def figures(session: Session, moment: datetime) -> Figures:
    """Read everything in the session's snapshot."""
    items, oldest = _items(session)
    missing, missing_since = session.execute(
        select(func.count(), func.min(Evidence.expected_at)).where(
            Evidence.present_at.is_(None), Evidence.disposed_at.is_(None)
        )
    ).one()
    revoked = session.execute(select(func.count(), func.count(Install.revoked_at)).select_from(Install)).one()
    return Figures(
        alarms=count_open(session),
        items=items,
        installs={"live": revoked[0] - revoked[1], "revoked": revoked[1]},
        waiting_oldest_s=_age_s(oldest.get("waiting"), moment),
        interpreting_oldest_s=_age_s(oldest.get("interpreting"), moment),
        photos_missing=missing,
        photos_missing_oldest_s=_age_s(missing_since, moment),
        uploads_open=session.scalar(select(func.count()).select_from(Upload).where(Upload.state == "open")) or 0,
        feed_head_max=session.scalar(select(func.max(FeedScope.head))) or 0,
    )


def _items(session: Session) -> tuple[dict[str, int], dict[str, datetime]]:
    """Count the items that somebody waits for; the rest is what the installs' counters say beyond them."""
    counted = select(InboxItem.state, func.count(), func.min(InboxItem.received_at)).group_by(InboxItem.state)
    rows = [
        *session.execute(counted.where(_OPEN)).all(),
        *session.execute(counted.where(text("state = 'interpreting'"))).all(),
    ]
    items = dict.fromkeys(("waiting", "quarantined", "conflict", "interpreting"), 0)
    items |= {state: count for state, count, _since in rows}
    stored = session.scalar(select(func.sum(Install.item_count))) or 0
    # Counters and rows that differ are the audit's finding; a figure below zero would only confuse.
    items["settled"] = max(0, int(stored) - sum(items.values()))
    return items, {state: since for state, _count, since in rows}


def _age_s(since: datetime | None, moment: datetime) -> float:
    return 0.0 if since is None else max(0.0, (moment - since).total_seconds())
