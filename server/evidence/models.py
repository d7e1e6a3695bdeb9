"""Tables of evidence: the photograph itself, its resumable upload, and its place in a case."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base, Id, Tag


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


class Evidence(Base):
    """A photograph that an item declared for an owner: expected from then on, present once its bytes are in.

    ``stage`` is report | disposal | check, ``role`` near | far | reference | before | after | check. The same
    bytes may be evidence in two slots, two items, two cases. ``before_id`` names the photograph that an
    after-photograph answers. ``lon``, ``lat`` (degrees, WGS 84), ``accuracy_m`` and ``certainty`` (of the corrected
    time) are the handset's claim at capture.
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
    certainty: Mapped[str | None] = mapped_column(String(12))
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    accuracy_m: Mapped[float | None]
    before_id: Mapped[UUID | None] = mapped_column(ForeignKey("evidence.id"))
    expected_at: Mapped[datetime]
    present_at: Mapped[datetime | None]
    review_state: Mapped[str] = mapped_column(String(12), default="unreviewed")
    review_reason: Mapped[str | None]
    reviewer_id: Mapped[UUID | None]
    reviewed_at: Mapped[datetime | None]
    version: Mapped[Tag]


class Likeness(Base):
    """The perceptual hash of a photograph: 256 bits. ``flat``: too little in the picture to call anything alike."""

    __tablename__ = "likeness"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    bits: Mapped[bytes] = mapped_column(LargeBinary(32))
    flat: Mapped[bool]


class LikenessSlot(Base):
    """Where a hash is found again: one row for each of its 16 chunks, ``slot`` = chunk number * 65536 + its 16 bits."""

    __tablename__ = "likeness_slot"
    __table_args__ = ({"sqlite_with_rowid": False},)

    slot: Mapped[int] = mapped_column(primary_key=True)
    likeness_id: Mapped[int] = mapped_column(ForeignKey("likeness.id", ondelete="CASCADE"), primary_key=True)


class EvidenceFlag(Base):
    """Something about a photograph that a reviewer should look at, with its reasons (``facts``, JSON). Advisory."""

    __tablename__ = "evidence_flag"

    evidence_id: Mapped[UUID] = mapped_column(ForeignKey("evidence.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    facts: Mapped[str]
    raised_at: Mapped[datetime]


class Redaction(Base):
    """Rectangles that public and export views hide on one piece of evidence; the newest row counts, none is changed.

    ``regions`` is JSON: ``[[left, top, width, height], …]`` as fractions of the upright picture; an empty list takes
    the redaction back. ``made_recipe`` names the recipe of the redacted rendition once the worker has made it.
    """

    __tablename__ = "redaction"
    __table_args__ = (Index("ix_redaction_evidence", "evidence_id", "id"),)

    id: Mapped[Id]
    evidence_id: Mapped[UUID] = mapped_column(ForeignKey("evidence.id"))
    regions: Mapped[str]
    reason: Mapped[str]
    officer_id: Mapped[UUID]
    at: Mapped[datetime]
    made_recipe: Mapped[str | None] = mapped_column(String(16))
    make_attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]


class LegalHold(Base):
    """Nothing of this owner is disposed of while a hold on it is open."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL) AND (released_at IS NULL) = (release_reason IS NULL)",
            name="released",
        ),
        Index("ix_legal_hold_owner", "owner_kind", "owner_id"),
    )

    id: Mapped[Id]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    owner_kind: Mapped[str] = mapped_column(String(16))
    owner_id: Mapped[UUID]
    reason: Mapped[str]
    placed_by: Mapped[UUID]
    placed_at: Mapped[datetime]
    released_by: Mapped[UUID | None]
    released_at: Mapped[datetime | None]
    release_reason: Mapped[str | None]


class RetentionRule(Base):
    """How many whole years the photographs of an agency's finished owners are kept; a lower agency inherits."""

    __tablename__ = "retention_rule"
    __table_args__ = (CheckConstraint("years BETWEEN 1 AND 100", name="years"),)

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    owner_kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    years: Mapped[int]
    set_by: Mapped[UUID]
    set_at: Mapped[datetime]


class Disposal(Base):
    """The disposal of one owner's photographs: proposed, approved by a second person, executed after a delay."""

    __tablename__ = "disposal"
    __table_args__ = (
        CheckConstraint("state IN ('proposed', 'approved', 'refused', 'executed')", name="state"),
        CheckConstraint("state = 'proposed' OR (decided_by IS NOT NULL AND decided_at IS NOT NULL)", name="decided"),
        CheckConstraint("(state = 'executed') = (executed_at IS NOT NULL)", name="executed"),
        Index("ix_disposal_state", "state", "decided_at"),
        Index("ix_disposal_owner", "owner_kind", "owner_id"),
    )

    id: Mapped[Id]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    owner_kind: Mapped[str] = mapped_column(String(16))
    owner_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str]
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    decision: Mapped[str | None]
    single_person: Mapped[bool] = mapped_column(default=False)
    executed_at: Mapped[datetime | None]
    version: Mapped[Tag]


class PhotoView(Base):
    """Who looked at a photograph's preview or original since the last time views went into the custody record."""

    __tablename__ = "photo_view"

    officer_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    rendition: Mapped[str] = mapped_column(String(16), primary_key=True)
    times: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
