"""Which version of a category scheme is in force on a day: what a case is filed under."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, bindparam, func, or_, select
from sqlalchemy.orm import Session

from server.clock import now
from server.standards.models import SchemeVersion

# Standards come into force at midnight in Beijing, whatever zone a deployment shows its times in.
_BEIJING = ZoneInfo("Asia/Shanghai")
# The order in which versions of a scheme replace one another.
AGE = (func.coalesce(SchemeVersion.effective_from, date.min), SchemeVersion.loaded_at, SchemeVersion.version)


def scheme_versions(session: Session) -> list[tuple[str, str]]:
    """Return (scheme, version) of all that is loaded, the newest version of a scheme first."""
    return [(row.scheme, row.version) for row in version_rows(session)]


def version_rows(session: Session) -> Sequence[SchemeVersion]:
    """Return all versions that are loaded, scheme by scheme, the newest first: those still to come before the rest."""
    newest_first = (one.desc() for one in AGE)
    return session.scalars(select(SchemeVersion).order_by(SchemeVersion.scheme, *newest_first)).all()


def newest_version(session: Session, scheme: str, on: date | None = None) -> str | None:
    """Return the version of a scheme that is in force on a day (None: today), or None: a case is filed under it.

    The one with the latest day of coming into force, among those of one day the one that was loaded last. Where all
    that is loaded is still to come, None.
    """
    return session.scalar(_NEWEST, {"scheme": scheme, "on": on or today()})


def today() -> date:
    """Return the day it is in Beijing: what decides which version and which season is in force."""
    return local_day(now())


def local_day(moment: datetime) -> date:
    """Return the day that an instant lies in, in Beijing."""
    return moment.astimezone(_BEIJING).date()


def in_force(on: date | ColumnElement[date]) -> ColumnElement[bool]:
    """Return the condition that a version's day has come."""
    return or_(SchemeVersion.effective_from.is_(None), SchemeVersion.effective_from <= on)


_NEWEST = (
    select(SchemeVersion.version)
    .where(SchemeVersion.scheme == bindparam("scheme"), in_force(bindparam("on", type_=Date)))
    .order_by(*(one.desc() for one in AGE))
    .limit(1)
)
