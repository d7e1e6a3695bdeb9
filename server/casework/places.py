"""Where cases are, for comparing it with where their photographs were taken. Read-only."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.casework.models import Case
from server.evidence.flag_rules import Place

# A handset's fix in CGCS2000 differs from WGS 84 by far less than it can be wrong; the shifted systems of map
# services by 270 to 1,400 m (domain.md section 2.10), so nothing can be said of a case that is known in one of them.
_LIKE_WGS84 = ("wgs84", "cgcs2000")


def place_of(session: Session, case_id: UUID) -> Place | None:
    """Return the place of a case, or None where it cannot be compared with a fix."""
    found = session.execute(
        select(Case.lon, Case.lat, Case.accuracy_m).where(Case.id == case_id, Case.crs.in_(_LIKE_WGS84))
    ).one_or_none()
    return None if found is None else Place(found.lon, found.lat, found.accuracy_m or 0.0)
