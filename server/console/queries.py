"""The overview: figures across the subjects, each within the scope of the permission that its page asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from server.casework.queries import counts_by_state
from server.casework.rules import State
from server.evidence.models import Evidence
from server.gateway.queries import count_quarantined
from server.identity.models import Install, InstallReport, Officer
from server.identity.rules import Actor, Permission
from server.identity.scope import agencies_in

QUIET_AFTER = timedelta(hours=24)
MOST_QUIET = 20


@dataclass(frozen=True)
class Awaited:
    """Photographs that are not here: how many, and since when the oldest is awaited."""

    count: int
    since: datetime | None


@dataclass(frozen=True)
class QuietHandset:
    """An enrolled handset that has not been seen for a day; ``seen_at`` is None if it never was."""

    label: str
    officer_name: str
    seen_at: datetime | None
    unsent_items: int | None
    unsent_photos: int | None


@dataclass(frozen=True)
class Overview:
    """What the home page shows; None where the actor has no permission to see the figure."""

    states: Mapping[State, int] | None
    unreviewed: int | None
    awaited: Awaited | None
    quarantined: int | None
    quiet: tuple[QuietHandset, ...] | None


def overview(session: Session, actor: Actor, moment: datetime) -> Overview:
    """Return the figures that ``actor`` may see at ``moment``."""
    cases = actor.scope(Permission.READ_CASES)
    evidence = actor.scope(Permission.READ_EVIDENCE)
    review = actor.scope(Permission.REVIEW_EVIDENCE)
    quarantine = actor.scope(Permission.READ_QUARANTINE)
    fleet = actor.scope(Permission.READ_FLEET)
    return Overview(
        states=counts_by_state(session, cases) if cases else None,
        unreviewed=_unreviewed(session, review) if review else None,
        awaited=_awaited(session, evidence) if evidence else None,
        quarantined=count_quarantined(session, quarantine) if quarantine else None,
        quiet=_quiet(session, fleet, moment - QUIET_AFTER) if fleet else None,
    )


def _unreviewed(session: Session, scope: tuple[str, ...]) -> int:
    counted = select(func.count()).select_from(Evidence)
    return session.execute(
        counted.where(
            Evidence.present_at.is_not(None),
            Evidence.disposed_at.is_(None),
            Evidence.review_state == "unreviewed",
            Evidence.agency_id.in_(agencies_in(scope)),
        )
    ).scalar_one()


def _awaited(session: Session, scope: tuple[str, ...]) -> Awaited:
    row = session.execute(
        select(func.count(), func.min(Evidence.expected_at)).where(
            Evidence.present_at.is_(None), Evidence.disposed_at.is_(None), Evidence.agency_id.in_(agencies_in(scope))
        )
    ).one()
    return Awaited(row[0], row[1])


def _quiet(session: Session, scope: tuple[str, ...], before: datetime) -> tuple[QuietHandset, ...]:
    rows = session.execute(
        select(
            Install.label,
            Officer.name,
            InstallReport.seen_at,
            InstallReport.unsent_items,
            InstallReport.unsent_photos,
        )
        .join(Officer, Officer.id == Install.officer_id)
        .outerjoin(InstallReport, InstallReport.install_id == Install.id)
        .where(
            Install.revoked_at.is_(None),
            Install.enrolled_at < before,
            or_(InstallReport.seen_at.is_(None), InstallReport.seen_at < before),
            Install.agency_id.in_(agencies_in(scope)),
        )
        .order_by(InstallReport.seen_at)
        .limit(MOST_QUIET)
    )
    return tuple(QuietHandset(*row) for row in rows)
