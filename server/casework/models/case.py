"""A case and its timeline. The server owns a case; a handset only proposes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Float, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base, Id, new_tag

# In the order of rules.State, which this layer must not know; a test compares the two.
STATES = (
    "'reported'",
    "'verifying'",
    "'filed'",
    "'dispatched'",
    "'returned'",
    "'in_disposal'",
    "'suspended'",
    "'disposed'",
    "'checking'",
    "'rework'",
    "'closed'",
    "'forced_closed'",
    "'rejected'",
    "'merged'",
    "'self_handled'",
)
# A merged case may be of either kind.
UNFILED = "'reported', 'verifying', 'rejected', 'merged', 'self_handled'"
UNDISPATCHED = f"{UNFILED}, 'filed', 'forced_closed'"
ENDED = "'closed', 'forced_closed', 'rejected', 'merged', 'self_handled'"


class Case(Base):
    """A supervision case (案件). The CHECKs tie each state to the facts it needs.

    A position stays stored as received, with the coordinate system that the handset declared; ``*_canonical`` is the
    same place in CGCS2000. A case that a desk registered comes from no install.
    """

    __tablename__ = "case"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(STATES)})", name="state"),
        CheckConstraint(f"state IN ({UNFILED}) OR (case_no IS NOT NULL AND filed_at IS NOT NULL)", name="filed"),
        CheckConstraint(
            f"state IN ({UNDISPATCHED}) OR (squad_id IS NOT NULL AND dispatched_at IS NOT NULL)", name="dispatched"
        ),
        CheckConstraint(f"(state IN ({ENDED})) = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint("state <> 'merged' OR merged_into_id IS NOT NULL", name="merged"),
        CheckConstraint("state NOT IN ('suspended', 'merged') OR resumes_to IS NOT NULL", name="resumes"),
        UniqueConstraint("install_id", "origin_item_id"),
        Index("ix_case_reporter", "reporter_id", "shelved_at", "id"),
        Index(
            "ix_case_to_shelve",
            "closed_at",
            postgresql_where=text("closed_at IS NOT NULL AND shelved_at IS NULL"),
            sqlite_where=text("closed_at IS NOT NULL AND shelved_at IS NULL"),
        ),
        Index("ix_case_agency_state", "agency_id", "state", "id"),
        Index(
            "ix_case_to_settle",
            "id",
            postgresql_where=text("settled_at IS NULL"),
            sqlite_where=text("settled_at IS NULL"),
        ),
        Index("ix_case_merged_into", "merged_into_id"),
        Index("ix_case_likeness", "scheme", "category_code", "lat_canonical"),
    )

    id: Mapped[Id]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    case_no: Mapped[str | None] = mapped_column(String(32), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    origin_item_id: Mapped[UUID | None]
    source: Mapped[str] = mapped_column(String(16))
    reporter_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    install_id: Mapped[UUID | None]
    squad_id: Mapped[UUID | None] = mapped_column(ForeignKey("squad.id"))
    scheme: Mapped[str] = mapped_column(String(32))
    category_code: Mapped[str] = mapped_column(String(16))
    # The version of the standard a case was filed under stays with it when the standard changes.
    standard_version: Mapped[str | None] = mapped_column(String(32))
    condition_no: Mapped[int | None]
    description: Mapped[str]
    address: Mapped[str | None]
    lon: Mapped[float] = mapped_column(Float)
    lat: Mapped[float] = mapped_column(Float)
    crs: Mapped[str] = mapped_column(String(16))
    accuracy_m: Mapped[float | None] = mapped_column(Float)
    lon_canonical: Mapped[float] = mapped_column(Float)
    lat_canonical: Mapped[float] = mapped_column(Float)
    area_code: Mapped[str | None] = mapped_column(String(32))
    cell_code: Mapped[str | None] = mapped_column(String(32))
    responsibility_code: Mapped[str | None] = mapped_column(String(32))
    # None: not yet located and compared with others, or its class, place or time has changed since.
    settled_at: Mapped[datetime | None]
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
    verification_result: Mapped[str | None] = mapped_column(String(12))
    check_result: Mapped[str | None] = mapped_column(String(8))
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"))
    # Where a case goes on that was suspended or merged.
    resumes_to: Mapped[str | None] = mapped_column(String(16))
    return_count: Mapped[int] = mapped_column(default=0)
    rework_count: Mapped[int] = mapped_column(default=0)
    extension_count: Mapped[int] = mapped_column(default=0)
    version: Mapped[str] = mapped_column(String(16), default=new_tag)

    __mapper_args__ = {"version_id_col": version, "version_id_generator": lambda _version: new_tag()}  # noqa: RUF012 (SQLAlchemy's attribute)


class CaseEvent(Base):
    """One line of a case's timeline: who did what, when by the server's clock, why, on which evidence.

    ``facts`` is JSON text: what an action was about (a limit, a due time, a squad, another case).
    """

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
    facts: Mapped[str | None]
