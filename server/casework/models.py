"""Tables of casework. The server owns a case; a handset only proposes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Float, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base, Id, new_tag


class Case(Base):
    """A supervision case (案件). The CHECKs tie each state to the facts it needs.

    A position stays stored as received, with the coordinate system that the handset declared.
    """

    __tablename__ = "case"
    __table_args__ = (
        CheckConstraint(
            "state IN ('reported', 'filed', 'dispatched', 'in_disposal', 'disposed', 'checking', 'closed',"
            " 'self_handled')",
            name="state",
        ),
        CheckConstraint(
            "state IN ('reported', 'self_handled') OR (case_no IS NOT NULL AND filed_at IS NOT NULL)", name="filed"
        ),
        CheckConstraint(
            "state IN ('reported', 'filed', 'self_handled') OR (squad_id IS NOT NULL AND dispatched_at IS NOT NULL)",
            name="dispatched",
        ),
        CheckConstraint("(state IN ('closed', 'self_handled')) = (closed_at IS NOT NULL)", name="closed"),
        UniqueConstraint("install_id", "origin_item_id"),
        Index("ix_case_reporter", "reporter_id", "shelved_at", "id"),
        Index(
            "ix_case_to_shelve",
            "closed_at",
            postgresql_where=text("closed_at IS NOT NULL AND shelved_at IS NULL"),
            sqlite_where=text("closed_at IS NOT NULL AND shelved_at IS NULL"),
        ),
        Index("ix_case_agency_state", "agency_id", "state", "id"),
    )

    id: Mapped[Id]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    case_no: Mapped[str | None] = mapped_column(String(32), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    origin_item_id: Mapped[UUID]
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
    # How far the corrected time can be trusted: exact, estimated, contradicted, unknown; and ± milliseconds.
    captured_certainty: Mapped[str | None] = mapped_column(String(12))
    captured_uncertainty_ms: Mapped[int | None] = mapped_column(BigInteger)
    reported_at: Mapped[datetime]
    filed_at: Mapped[datetime | None]
    dispatched_at: Mapped[datetime | None]
    disposed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    # Since when the reporter's handset no longer carries the case; a mirror must not grow for ever.
    shelved_at: Mapped[datetime | None]
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
        Index("ix_field_task_squad", "squad_id", "status"),
        Index("ix_field_task_officer", "officer_id", "status"),
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
    __table_args__ = (UniqueConstraint("install_id", "item_id"), Index("ix_task_event_task_id", "task_id"))

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


class Amendment(Base):
    """A later word on an earlier item of the same install; both stay.

    Two amendments of one item are ``divergent`` unless the second names the first as its own target.

    ``changes`` is the JSON text of the members that the officer corrected.
    """

    __tablename__ = "amendment"
    __table_args__ = (
        UniqueConstraint("install_id", "item_id"),
        Index("ix_amendment_target", "install_id", "target_item_id"),
        Index("ix_amendment_case", "case_id"),
    )

    id: Mapped[Id]
    install_id: Mapped[UUID]
    item_id: Mapped[UUID]
    target_item_id: Mapped[UUID]
    target_fingerprint: Mapped[str] = mapped_column(String(64))
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"))
    officer_id: Mapped[UUID]
    changes: Mapped[str]
    reason: Mapped[str | None]
    divergent: Mapped[bool]
    effective: Mapped[bool]
    captured_at_corrected: Mapped[datetime | None]
    received_at: Mapped[datetime]


class FieldShift(Base):
    """A clocking in or out of an officer, as the handset said it."""

    __tablename__ = "field_shift"
    __table_args__ = (
        UniqueConstraint("install_id", "item_id"),
        CheckConstraint("action IN ('in', 'out')", name="action"),
        Index("ix_field_shift_officer", "officer_id", "captured_at_corrected"),
    )

    id: Mapped[Id]
    install_id: Mapped[UUID]
    item_id: Mapped[UUID]
    agency_id: Mapped[UUID]
    officer_id: Mapped[UUID]
    action: Mapped[str] = mapped_column(String(4))
    lon: Mapped[float | None] = mapped_column(Float)
    lat: Mapped[float | None] = mapped_column(Float)
    crs: Mapped[str | None] = mapped_column(String(16))
    captured_at: Mapped[datetime | None]
    captured_at_corrected: Mapped[datetime | None]
    received_at: Mapped[datetime]


class Track(Base):
    """At most 120 GNSS points of an officer on shift; ``points`` is the JSON text of the list as received."""

    __tablename__ = "track"
    __table_args__ = (
        UniqueConstraint("install_id", "item_id"),
        Index("ix_track_officer", "officer_id", "captured_at_corrected"),
    )

    id: Mapped[Id]
    install_id: Mapped[UUID]
    item_id: Mapped[UUID]
    agency_id: Mapped[UUID]
    officer_id: Mapped[UUID]
    crs: Mapped[str] = mapped_column(String(16))
    points: Mapped[str]
    point_count: Mapped[int]
    captured_at_corrected: Mapped[datetime | None]
    received_at: Mapped[datetime]


class NumberSeries(Base):
    """The next number of a series; case numbers are issued by the server at filing only."""

    __tablename__ = "number_series"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)
