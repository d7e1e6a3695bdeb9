"""Tables of the photograph itself, its resumable upload, and who looked at it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base, Id


class Photo(Base):
    """An original that is in the store with exactly this hash. Facts are what the file says, not the truth.

    ``facts`` is JSON of photo_store's ImageFacts (EXIF time, GPS, device). ``derived_recipe`` names the recipe
    whose renditions exist; the sweep derives what lacks it; ``derive_attempts`` stops a picture that kills workers.

    ``durability`` is ``stored``, or ``spooled`` while the store was down and the bytes lie on machine ``node`` only.
    ``attached_at`` is when an item first declared it; until then it stands in the unattached pool. Its end there:
    ``condemned_at`` (from then on it counts as missing, and comes back to life when somebody brings or declares it),
    ``deleting_at`` (nothing brings it back; its bytes go, then its row). ``disposed_at``: lawfully disposed, the bytes
    are gone and the row stays. ``checked_at`` and ``damaged_at`` are the scrubber's, ``damage`` its finding.
    """

    __tablename__ = "photo"
    __table_args__ = (
        CheckConstraint("durability IN ('stored', 'spooled')", name="durability"),
        CheckConstraint("(durability = 'spooled') = (node IS NOT NULL)", name="spooled_on_a_node"),
        CheckConstraint("deleting_at IS NULL OR condemned_at IS NOT NULL", name="condemned_before_deleted"),
        CheckConstraint("(damaged_at IS NULL) = (damage IS NULL)", name="damage"),
        Index("ix_photo_derived_recipe", "derived_recipe"),
        Index("ix_photo_checked_at", "checked_at"),
        Index(
            "ix_photo_damaged",
            "damaged_at",
            postgresql_where=text("damaged_at IS NOT NULL"),
            sqlite_where=text("damaged_at IS NOT NULL"),
        ),
        Index(
            "ix_photo_unattached",
            "received_at",
            postgresql_where=text("attached_at IS NULL"),
            sqlite_where=text("attached_at IS NULL"),
        ),
        Index(
            "ix_photo_spooled",
            "node",
            "received_at",
            postgresql_where=text("durability = 'spooled'"),
            sqlite_where=text("durability = 'spooled'"),
        ),
    )

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
    durability: Mapped[str] = mapped_column(String(8), default="stored")
    node: Mapped[str | None] = mapped_column(String(64))
    attached_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    condemned_at: Mapped[datetime | None]
    deleting_at: Mapped[datetime | None]
    disposed_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    damaged_at: Mapped[datetime | None]
    damage: Mapped[str | None] = mapped_column(String(64))


class Upload(Base):
    """One tus upload. ``offset_`` never reaches ``length`` before the bytes are checked and in the store.

    ``sha256`` is the declared hash, once complete the true one; ``declared_sha256`` is kept where the two differ: the
    handset sent other bytes than it declared twice, so they are kept under their true name for a person to look at.
    ``node`` names the machine that holds the segments.
    """

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint("offset_ >= 0 AND offset_ <= length", name="offset_in_length"),
        CheckConstraint("state IN ('open', 'complete', 'failed')", name="state"),
        CheckConstraint("(state = 'complete') = (offset_ = length AND completed_at IS NOT NULL)", name="complete"),
        Index("ix_upload_sha256", "sha256", "install_id"),
        Index(
            "ix_upload_declared",
            "declared_sha256",
            "install_id",
            postgresql_where=text("declared_sha256 IS NOT NULL"),
            sqlite_where=text("declared_sha256 IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    install_id: Mapped[UUID] = mapped_column(ForeignKey("install.id"))
    sha256: Mapped[str | None] = mapped_column(String(64))
    length: Mapped[int] = mapped_column(BigInteger)
    offset_: Mapped[int] = mapped_column(BigInteger, default=0)
    fence: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(8), default="open")
    failure: Mapped[str | None]
    declared_sha256: Mapped[str | None] = mapped_column(String(64))
    node: Mapped[str | None] = mapped_column(String(64))
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


class PhotoView(Base):
    """Who looked at a photograph's preview or original since the last time views went into the custody record."""

    __tablename__ = "photo_view"

    officer_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    rendition: Mapped[str] = mapped_column(String(16), primary_key=True)
    times: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
