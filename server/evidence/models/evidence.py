"""Tables of a photograph's place in a case, of what reviewers should look at, and of what the public must not see."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.base import Base, Id, Tag


class Evidence(Base):
    """A photograph that an item declared for an owner: expected from then on, present once its bytes are in.

    ``stage`` is report | disposal | check, ``role`` near | far | reference | before | after | check. The same
    bytes may be evidence in two slots, two items, two cases. ``before_id`` names the photograph that an
    after-photograph answers, ``paired_by`` the reviewer who said so (None: proposed by the roles). ``disposed_at``:
    the owner's photographs were lawfully disposed of; this row is what stays. ``lon``, ``lat`` (CGCS2000 degrees),
    ``accuracy_m`` and ``certainty`` (of the corrected time) are the handset's claim at capture. ``flagged_version`` is
    the ``version`` whose flags were last worked out; None: never, or the photograph itself has changed; any other
    value: something around it has.
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
        # A push pays little: the first grows at its end, the others are filled by the worker.
        Index(
            "ix_evidence_unflagged",
            "id",
            postgresql_where=text("present_at IS NOT NULL AND flagged_version IS DISTINCT FROM version"),
            sqlite_where=text("present_at IS NOT NULL AND flagged_version IS NOT version"),
        ),
        Index(
            "ix_evidence_place",
            "lat",
            "lon",
            postgresql_where=text("lat IS NOT NULL AND flagged_version IS NOT NULL"),
            sqlite_where=text("lat IS NOT NULL AND flagged_version IS NOT NULL"),
        ),
        Index(
            "ix_evidence_install",
            "install_id",
            "id",
            postgresql_where=text("flagged_version IS NOT NULL"),
            sqlite_where=text("flagged_version IS NOT NULL"),
        ),
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
    paired_by: Mapped[UUID | None]
    disposed_at: Mapped[datetime | None]
    expected_at: Mapped[datetime]
    present_at: Mapped[datetime | None]
    review_state: Mapped[str] = mapped_column(String(12), default="unreviewed")
    review_reason: Mapped[str | None]
    reviewer_id: Mapped[UUID | None]
    reviewed_at: Mapped[datetime | None]
    version: Mapped[Tag]
    flagged_version: Mapped[str | None] = mapped_column(String(16))

    flags: Mapped[list["EvidenceFlag"]] = relationship(viewonly=True, order_by="EvidenceFlag.kind", lazy="raise")


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
