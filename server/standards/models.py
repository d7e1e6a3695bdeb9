"""Tables of standards: reference data that a city replaces, so nothing else may hold a foreign key to it."""

from sqlalchemy import BigInteger, CheckConstraint, Index, String
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
