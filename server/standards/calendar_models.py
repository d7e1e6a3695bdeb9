"""Tables of the working calendar: what an agency sets itself, beside the State Council's days that come with us.

Both are inherited down the tree: for each day the nearest agency that has a row for it decides.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base


class CalendarDay(Base):
    """A day that an agency works, or does not, whatever weekday and State Council say; ``source`` tells from where."""

    __tablename__ = "calendar_day"

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    workday: Mapped[bool]
    name: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(64))


class WorkSchedule(Base):
    """The hours of a working day from ``valid_from`` on. ``periods``: a JSON list of ``08:00-12:00``."""

    __tablename__ = "work_schedule"
    __table_args__ = (CheckConstraint("work_day_policy IN ('hours', 'end_of_day')", name="work_day_policy"),)

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    periods: Mapped[str]
    work_day_policy: Mapped[str] = mapped_column(String(16))
