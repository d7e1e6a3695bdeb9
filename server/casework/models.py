"""Tables of casework. The server owns a case; a handset only proposes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Float, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base, Id, new_tag


class Case(Base):
    """A supervision case (案件). The CHECKs tie each state to the facts it needs.

    A position stays stored as received, with the coordinate system that the handset declared.
    """

    __tablename__ = "case"
    __table_args__ = (
        CheckConstraint(
            "state IN ('reported', 'filed', 'dispatched', 'in_disposal', 'disposed', 'checking', 'closed')",
            name="state",
        ),
        CheckConstraint("state = 'reported' OR (case_no IS NOT NULL AND filed_at IS NOT NULL)", name="filed"),
        CheckConstraint(
            "state IN ('reported', 'filed') OR (squad_id IS NOT NULL AND dispatched_at IS NOT NULL)",
            name="dispatched",
        ),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        Index("ix_case_agency_state", "agency_id", "state", "id"),
    )

    id: Mapped[Id]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    case_no: Mapped[str | None] = mapped_column(String(32), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    origin_item_id: Mapped[UUID] = mapped_column(unique=True)
    source: Mapped[str] = mapped_column(String(16))
    reporter_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    install_id: Mapped[UUID]
    squad_id: Mapped[UUID | None] = mapped_column(ForeignKey("squad.id"))
    scheme: Mapped[str] = mapped_column(String(32))
    category_code: Mapped[str] = mapped_column(String(16))
    # The version of the standard a case was filed under stays with it when the standard changes.
    standard_version: Mapped[str | None] = mapped_column(String(32))
    description: Mapped[str]
    lon: Mapped[float] = mapped_column(Float)
    lat: Mapped[float] = mapped_column(Float)
    crs: Mapped[str] = mapped_column(String(16))
    accuracy_m: Mapped[float | None] = mapped_column(Float)
    captured_at: Mapped[datetime | None]
    captured_at_corrected: Mapped[datetime | None]
    reported_at: Mapped[datetime]
    filed_at: Mapped[datetime | None]
    dispatched_at: Mapped[datetime | None]
    disposed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    check_result: Mapped[str | None] = mapped_column(String(8))
    version: Mapped[str] = mapped_column(String(16), default=new_tag)

    __mapper_args__ = {"version_id_col": version, "version_id_generator": lambda _version: new_tag()}  # noqa: RUF012 (SQLAlchemy's attribute)


class CaseEvent(Base):
    """One line of a case's timeline: who did what, when by the server's clock, why, on which evidence."""

    __tablename__ = "case_event"
    __table_args__ = (Index("ix_case_event_case_id", "case_id", "id"),)

    id: Mapped[Id]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(32))
    state_before: Mapped[str | None] = mapped_column(String(16))
    state_after: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[UUID | None]
    install_id: Mapped[UUID | None]
    item_id: Mapped[UUID | None]
    captured_at_corrected: Mapped[datetime | None]
    reason: Mapped[str | None]


class FieldTask(Base):
    """Work for a squad or an officer in the field. ``assignment_no`` rises with every new assignment.

    ``status`` folds the events of the current assignment: assigned < accepted < started < done, declined beside
    them; the server's cancelled wins.
    """

    __tablename__ = "field_task"
    __table_args__ = (
        CheckConstraint("squad_id IS NOT NULL OR officer_id IS NOT NULL", name="assignee"),
        CheckConstraint("kind IN ('disposal', 'disposal_check')", name="kind"),
        CheckConstraint(
            "status IN ('assigned', 'accepted', 'started', 'done', 'declined', 'cancelled')", name="status"
        ),
        Index("ix_field_task_case_id", "case_id"),
    )

    id: Mapped[Id]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    kind: Mapped[str] = mapped_column(String(32))
    squad_id: Mapped[UUID | None] = mapped_column(ForeignKey("squad.id"))
    officer_id: Mapped[UUID | None] = mapped_column(ForeignKey("officer.id"))
    assignment_no: Mapped[int] = mapped_column(default=1)
    status: Mapped[str] = mapped_column(String(12), default="assigned")
    assigned_at: Mapped[datetime]
    version: Mapped[str] = mapped_column(String(16), default=new_tag)

    __mapper_args__ = {"version_id_col": version, "version_id_generator": lambda _version: new_tag()}  # noqa: RUF012 (SQLAlchemy's attribute)


class TaskAssignment(Base):
    """One round of a task: to whom it was given, when and by whom. Rounds are kept, never overwritten.

    A late answer to an earlier round is judged by that round's assignee, so it must be known after a reassignment.
    """

    __tablename__ = "task_assignment"
    __table_args__ = (CheckConstraint("squad_id IS NOT NULL OR officer_id IS NOT NULL", name="assignee"),)

    task_id: Mapped[UUID] = mapped_column(ForeignKey("field_task.id"), primary_key=True)
    assignment_no: Mapped[int] = mapped_column(primary_key=True)
    squad_id: Mapped[UUID | None] = mapped_column(ForeignKey("squad.id"))
    officer_id: Mapped[UUID | None] = mapped_column(ForeignKey("officer.id"))
    assigned_at: Mapped[datetime]
    assigned_by: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))


class TaskEvent(Base):
    """What a handset said about a task; kept whether or not it took effect."""

    __tablename__ = "task_event"
    __table_args__ = (UniqueConstraint("item_id"), Index("ix_task_event_task_id", "task_id"))

    id: Mapped[Id]
    task_id: Mapped[UUID] = mapped_column(ForeignKey("field_task.id"))
    item_id: Mapped[UUID]
    assignment_no: Mapped[int]
    event: Mapped[str] = mapped_column(String(12))
    result: Mapped[str | None] = mapped_column(String(8))
    note: Mapped[str | None]
    effective: Mapped[bool]
    officer_id: Mapped[UUID]
    install_id: Mapped[UUID]
    captured_at_corrected: Mapped[datetime | None]
    received_at: Mapped[datetime]


class NumberSeries(Base):
    """The next number of a series; case numbers are issued by the server at filing only."""

    __tablename__ = "number_series"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)
