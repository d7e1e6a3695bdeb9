"""What is asked about single handsets: whether the credential is old, and who was on shift."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.clock import now
from server.identity.models import Install, InstallShift, Officer
from server.identity.rules import CREDENTIAL_LIFE
from server.ledger.models import CustodyEvent


@dataclass(frozen=True)
class ShiftRow:
    """Who was on a handset from when to when; ``to_at`` None: still."""

    officer_name: str
    from_at: datetime
    to_at: datetime | None


def rotation_due(session: Session, install_id: UUID) -> bool:
    """Tell whether the credential is older than a year: since the enrolment, or since custody last saw it renewed."""
    before = now() - CREDENTIAL_LIFE
    enrolled_at = session.scalar(select(Install.enrolled_at).where(Install.id == install_id))
    if enrolled_at is None or enrolled_at > before:
        return False
    renewed = select(CustodyEvent.id).where(
        CustodyEvent.subject_kind == "install",
        CustodyEvent.subject_id == str(install_id),
        CustodyEvent.kind == "credential_rotated",
        CustodyEvent.at > before,
    )
    return session.scalar(renewed.limit(1)) is None


def latest_shifts(session: Session, install_ids: Collection[UUID], most: int = 5) -> dict[UUID, list[ShiftRow]]:
    """Return the latest shifts of each install, newest first; every enrolled install has one."""
    place = func.row_number().over(
        partition_by=InstallShift.install_id, order_by=(InstallShift.from_at.desc(), InstallShift.id.desc())
    )
    ranked = (
        select(InstallShift.install_id, Officer.name, InstallShift.from_at, InstallShift.to_at, place.label("place"))
        .join(Officer, Officer.id == InstallShift.officer_id)
        .where(InstallShift.install_id.in_(install_ids))
        .subquery()
    )
    found: dict[UUID, list[ShiftRow]] = {install_id: [] for install_id in install_ids}
    rows = session.execute(select(ranked).where(ranked.c.place <= most).order_by(ranked.c.install_id, ranked.c.place))
    for row in rows:
        found[row.install_id].append(ShiftRow(row.name, row.from_at, row.to_at))
    return found
