"""Work in the field: tasks, the rounds in which they were given, and what handsets said about them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base, Id, new_tag


class FieldTask(Base):
    """Work for a squad or an officer in the field. ``assignment_no`` rises with every new assignment.

    ``status`` folds the events of the current assignment: assigned < accepted < started < done, declined beside
    them; the server's cancelled wins.
    """

    __tablename__ = "field_task"
    __table_args__ = (
        CheckConstraint("squad_id IS NOT NULL OR officer_id IS NOT NULL", name="assignee"),
        CheckConstraint(
            "kind IN ('pre_filing_verification', 'disposal', 'disposal_check', 'revisit', 'patrol')", name="kind"
        ),
        CheckConstraint("case_id IS NOT NULL OR kind = 'patrol'", name="case"),
        CheckConstraint(
            "status IN ('assigned', 'accepted', 'started', 'done', 'declined', 'cancelled')", name="status"
        ),
        Index("ix_field_task_case_id", "case_id"),
        Index("ix_field_task_squad", "squad_id", "status"),
        Index("ix_field_task_officer", "officer_id", "status"),
    )

    id: Mapped[Id]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    # Only a patrol is about no case.
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"))
    kind: Mapped[str] = mapped_column(String(32))
    squad_id: Mapped[UUID | None] = mapped_column(ForeignKey("squad.id"))
    officer_id: Mapped[UUID | None] = mapped_column(ForeignKey("officer.id"))
    assignment_no: Mapped[int] = mapped_column(default=1)
    status: Mapped[str] = mapped_column(String(12), default="assigned")
    assigned_at: Mapped[datetime]
    instructions: Mapped[str | None]
    due_at: Mapped[datetime | None]
    # The member who picked up what was given to a squad.
    accepted_by: Mapped[UUID | None] = mapped_column(ForeignKey("officer.id"))
    grid_code: Mapped[str | None] = mapped_column(String(32))
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
    reason: Mapped[str | None]


class TaskEvent(Base):
    """What a handset said about a task; kept whether or not it took effect."""

    __tablename__ = "task_event"
    __table_args__ = (UniqueConstraint("install_id", "item_id"), Index("ix_task_event_task_id", "task_id"))

    id: Mapped[Id]
    task_id: Mapped[UUID] = mapped_column(ForeignKey("field_task.id"))
    item_id: Mapped[UUID]
    assignment_no: Mapped[int]
    event: Mapped[str] = mapped_column(String(12))
    result: Mapped[str | None] = mapped_column(String(12))
    note: Mapped[str | None]
    effective: Mapped[bool]
    officer_id: Mapped[UUID]
    install_id: Mapped[UUID]
    captured_at_corrected: Mapped[datetime | None]
    received_at: Mapped[datetime]
