"""Tables of standards: reference data that a city replaces, so nothing else may hold a foreign key to it."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base


class Category(Base):
    """A minor class (小类) of a scheme's version. ``code`` is unique within its scheme version.

    Where the source counts components and events apart (the same digits mean two things), component codes carry
    the prefix ``b`` (部件). ``name`` is the standard's own wording; ``name_en`` is our translation.
    """

    __tablename__ = "category"
    __table_args__ = (CheckConstraint("issue_kind IN ('component', 'event')", name="issue_kind"),)

    scheme: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    issue_kind: Mapped[str] = mapped_column(String(16))
    major: Mapped[str]
    name: Mapped[str]
    major_en: Mapped[str]
    name_en: Mapped[str]


class SchemeVersion(Base):
    """A version of a category scheme: where it comes from, and from which day cases are filed under it.

    ``effective_from`` None: always. Once loaded a version's standards and limits never change, because a case keeps
    those it was filed under; whoever wants others loads a new version. ``loaded_by`` None: it came with the product.
    """

    __tablename__ = "scheme_version"

    scheme: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[str] = mapped_column(String(32), primary_key=True)
    status: Mapped[str]
    source: Mapped[str]
    confidence: Mapped[str]
    effective_from: Mapped[date | None]
    loaded_at: Mapped[datetime]
    loaded_by: Mapped[UUID | None]


class CaseStandard(Base):
    """When a case of a class is filed and closed, and who clears it away (立结案标准): one row for each condition.

    ``condition_no`` counts from 1; 0 is the class itself where a city's table gives it units but no condition. A season
    goes from one 'MM-DD' to another, both included, also over the turn of the year; then the row stands in for the row
    of the same filing condition without a season.
    """

    __tablename__ = "case_standard"
    __table_args__ = (
        CheckConstraint("condition_no >= 0", name="condition_no"),
        CheckConstraint("(condition_no = 0) = (filing_condition = '')", name="filing_condition"),
        CheckConstraint("(season_from IS NULL) = (season_to IS NULL)", name="season"),
    )

    scheme: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    condition_no: Mapped[int] = mapped_column(primary_key=True)
    filing_condition: Mapped[str]
    closing_condition: Mapped[str]
    disposing_unit: Mapped[str]
    supervising_unit: Mapped[str]
    legal_basis: Mapped[str]
    clause: Mapped[str]
    note: Mapped[str]
    season_from: Mapped[str | None] = mapped_column(String(5))
    season_to: Mapped[str | None] = mapped_column(String(5))


class StageLimit(Base):
    """How long a stage of a case may take: ``amount`` of a clock, and the wording it was read from.

    ``condition_no`` 0: every condition of the class without a limit of its own; ``code`` empty: every class.
    """

    __tablename__ = "stage_limit"
    __table_args__ = (
        CheckConstraint("stage IN ('acceptance', 'verification', 'dispatch', 'disposal', 'check')", name="stage"),
        CheckConstraint("clock IN ('emergency_hour', 'work_hour', 'work_day', 'natural_day')", name="clock"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("code <> '' OR condition_no = 0", name="all_classes"),
    )

    scheme: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    condition_no: Mapped[int] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(String(16), primary_key=True)
    clock: Mapped[str] = mapped_column(String(16))
    amount: Mapped[Decimal] = mapped_column(Numeric(8, 3))
    wording: Mapped[str]


class RequiredShot(Base):
    """Photographs that a case of a class must have at a stage before it can be closed.

    ``code`` empty: every class of the scheme that has no row of its own for that stage. ``stage`` and ``role`` are
    evidence's.
    """

    __tablename__ = "required_shot"
    __table_args__ = (CheckConstraint("count BETWEEN 1 AND 20", name="count"),)

    scheme: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    stage: Mapped[str] = mapped_column(String(16), primary_key=True)
    role: Mapped[str] = mapped_column(String(16), primary_key=True)
    count: Mapped[int]


class ReferenceDocument(Base):
    """A document that travels to handsets whole or as the difference since a version (category scheme, standards …).

    ``seq`` counts its changes inside this database only; what a handset names is the opaque ``version``, which is
    also the ETag: a counter would repeat after a restore.
    """

    __tablename__ = "reference_document"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[str] = mapped_column(String(16))


class ReferenceVersion(Base):
    """A version that some handset may still hold, and up to which change it goes."""

    __tablename__ = "reference_version"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[str] = mapped_column(String(16), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)


class ReferenceEntry(Base):
    """One entry of a document: JSON text, or None once it was taken out (the difference must tell of it)."""

    __tablename__ = "reference_entry"
    __table_args__ = (Index("ix_reference_entry_seq", "name", "seq"),)

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[str | None]
