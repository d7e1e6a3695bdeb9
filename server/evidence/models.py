"""Tables of evidence: the photograph itself, its resumable upload, and its place in a case."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base, Id, Tag


class Photo(Base):
    """An original that is in the store with exactly this hash. Facts are what the file says, not the truth.

    ``facts`` is JSON of photo_store's ImageFacts (EXIF time, GPS, device). ``derived_recipe`` names the recipe
    whose renditions exist; the sweep derives what lacks it; ``derive_attempts`` stops a picture that kills workers.
    """

    __tablename__ = "photo"
    __table_args__ = (Index("ix_photo_derived_recipe", "derived_recipe"),)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(32))
    width: Mapped[int]
    height: Mapped[int]
    facts: Mapped[str]
    received_at: Mapped[datetime]
    first_install_id: Mapped[UUID | None]
    derived_recipe: Mapped[str | None] = mapped_column(String(16))
    derive_attempts: Mapped[int] = mapped_column(default=0)
    derive_error: Mapped[str | None]


class Upload(Base):
    """One tus upload. ``offset_`` never reaches ``length`` before the bytes are checked and in the store."""

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint("offset_ >= 0 AND offset_ <= length", name="offset_in_length"),
        CheckConstraint("state IN ('open', 'complete', 'failed')", name="state"),
        CheckConstraint("(state = 'complete') = (offset_ = length AND completed_at IS NOT NULL)", name="complete"),
        Index("ix_upload_sha256", "sha256", "install_id"),
    )

    id: Mapped[Id]
    install_id: Mapped[UUID] = mapped_column(ForeignKey("install.id"))
    sha256: Mapped[str | None] = mapped_column(String(64))
    length: Mapped[int] = mapped_column(BigInteger)
    offset_: Mapped[int] = mapped_column(BigInteger, default=0)
    fence: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(8), default="open")
    failure: Mapped[str | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]


class UploadSegment(Base):
    """An immutable run of bytes in the spool, durable before this row exists."""

    __tablename__ = "upload_segment"

    upload_id: Mapped[UUID] = mapped_column(ForeignKey("upload.id", ondelete="CASCADE"), primary_key=True)
    start: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    length: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(64))


class Evidence(Base):
    """A photograph that an item declared for an owner: expected from then on, present once its bytes are in.

    ``stage`` is report | disposal | check, ``role`` near | far | reference | before | after | check. The same
    bytes may be evidence in two slots, two items, two cases.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        UniqueConstraint("install_id", "item_id", "position"),
        CheckConstraint("review_state IN ('unreviewed', 'accepted', 'returned')", name="review_state"),
        CheckConstraint("(review_state = 'unreviewed') = (reviewed_at IS NULL)", name="reviewed"),
        CheckConstraint("review_state <> 'returned' OR review_reason IS NOT NULL", name="returned_with_reason"),
        Index("ix_evidence_owner", "owner_kind", "owner_id"),
        Index("ix_evidence_sha256", "sha256"),
        Index(
            "ix_evidence_missing",
            "install_id",
            "expected_at",
            postgresql_where=text("present_at IS NULL"),
            sqlite_where=text("present_at IS NULL"),
        ),
        Index("ix_evidence_gallery", "agency_id", "id"),
    )

    id: Mapped[Id]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    owner_kind: Mapped[str] = mapped_column(String(16))
    owner_id: Mapped[UUID]
    task_id: Mapped[UUID | None]
    item_id: Mapped[UUID]
    position: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    declared_size: Mapped[int | None] = mapped_column(BigInteger)
    stage: Mapped[str] = mapped_column(String(16))
    role: Mapped[str] = mapped_column(String(16))
    source: Mapped[str | None] = mapped_column(String(16))
    scheme: Mapped[str] = mapped_column(String(32))
    category_code: Mapped[str] = mapped_column(String(16))
    squad_id: Mapped[UUID | None]
    officer_id: Mapped[UUID]
    install_id: Mapped[UUID]
    # Capacity of who took it, frozen at capture: an assistant's photo is a lead, not evidence grade.
    capacity: Mapped[str] = mapped_column(String(24))
    captured_at: Mapped[datetime | None]
    captured_at_corrected: Mapped[datetime | None]
    expected_at: Mapped[datetime]
    present_at: Mapped[datetime | None]
    review_state: Mapped[str] = mapped_column(String(12), default="unreviewed")
    review_reason: Mapped[str | None]
    reviewer_id: Mapped[UUID | None]
    reviewed_at: Mapped[datetime | None]
    version: Mapped[Tag]
