"""Where cases are, for comparing it with where their photographs were taken. Read-only."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.casework.models import Case
from server.evidence.flag_rules import Place


def place_of(session: Session, case_id: UUID) -> Place | None:
    """Return the place of a case in its canonical form, in which the fixes of photographs are kept too."""
    found = session.execute(
        select(Case.lon_canonical, Case.lat_canonical, Case.accuracy_m).where(Case.id == case_id)
    ).one_or_none()
    return None if found is None else Place(found.lon_canonical, found.lat_canonical, found.accuracy_m or 0.0)
