"""What should have arrived long ago: numbers missing in a handset's row of items, photographs that were declared."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.clock import now, stamp
from server.evidence.models import Evidence
from server.gateway.models import InboxItem
from server.gateway.truth.finding import Finding, Step
from server.identity.models import Install, InstallReport

PATIENCE = timedelta(days=1)
_AT_ONCE = 500


def gaps(session: Session, after: UUID | None) -> Step:
    """Find installs with a gap in their numbers behind which items arrived more than a day ago."""
    chosen = (
        select(Install.id, Install.dseq_through, Install.dseq_beyond)
        .where(Install.dseq_beyond != "[]")
        .order_by(Install.id)
        .limit(_AT_ONCE)
    )
    installs = session.execute(chosen if after is None else chosen.where(Install.id > after)).all()
    findings = [finding for row in installs if (finding := _gap(session, row))]
    return Step(findings, len(installs), installs[-1].id if len(installs) == _AT_ONCE else None)


def _gap(session: Session, install: Any) -> Finding | None:  # noqa: ANN401 (a row of install)
    first = install.dseq_through + 1
    last = min(run[0] for run in json.loads(install.dseq_beyond)) - 1
    here = session.scalar(
        select(func.count(func.distinct(InboxItem.dseq))).where(
            InboxItem.install_id == install.id, InboxItem.dseq.between(first, last)
        )
    )
    if here == last - first + 1:
        return None  # damaged items claim these numbers: they are here, for a person to look at
    since: datetime | None = session.scalar(
        select(func.min(InboxItem.received_at)).where(
            InboxItem.install_id == install.id, InboxItem.dseq > install.dseq_through
        )
    )
    if since is None or since > now() - PATIENCE:
        return None
    says = f"item {install.dseq_through + 1} is missing; later ones arrived since {stamp(since)}"
    return Finding("gap-old", "item_gap", f"install:{install.id}", says)


def photographs(session: Session, after: UUID | None) -> Step:
    """Find installs that owe photographs for more than a day and were in touch after that day."""
    chosen = (
        select(Evidence.install_id, func.count().label("count"), func.min(Evidence.expected_at).label("since"))
        .where(Evidence.present_at.is_(None), Evidence.disposed_at.is_(None), Evidence.expected_at < now() - PATIENCE)
        .group_by(Evidence.install_id)
        .order_by(Evidence.install_id)
        .limit(_AT_ONCE)
    )
    rows = session.execute(chosen if after is None else chosen.where(Evidence.install_id > after)).all()
    seen = dict(
        session.execute(
            select(InstallReport.install_id, InstallReport.seen_at).where(
                InstallReport.install_id.in_([row.install_id for row in rows])
            )
        ).all()
    )
    findings = [
        Finding(
            "photo-late",
            "photo_overdue",
            f"install:{row.install_id}",
            f"{row.count} photographs are missing, the oldest since {stamp(row.since)}",
        )
        for row in rows
        # In touch when it was late already: a handset that lies in a drawer since owes nothing yet.
        if row.install_id in seen and seen[row.install_id] >= row.since + PATIENCE
    ]
    return Step(findings, len(rows), rows[-1].install_id if len(rows) == _AT_ONCE else None)
