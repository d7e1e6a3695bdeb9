"""Tables of identity. Secrets are stored as hashes only: Argon2id for passwords, SHA-256 for random tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base, Id


class Agency(Base):
    """A node of the administrative tree: city, district, town or street, community."""

    __tablename__ = "agency"

    id: Mapped[Id]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"))
    code: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(String(16))
    path: Mapped[str] = mapped_column(String(128), unique=True)


class Squad(Base):
    """A squad or disposal unit to which tasks are dispatched."""

    __tablename__ = "squad"

    id: Mapped[Id]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    name: Mapped[str]


class Officer(Base):
    """A person with an account. Deactivated officers stay: their evidence names them."""

    __tablename__ = "officer"
    __table_args__ = (Index("ix_officer_agency_id", "agency_id"),)

    id: Mapped[Id]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    squad_id: Mapped[UUID | None] = mapped_column(ForeignKey("squad.id"))
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str]
    certificate_no: Mapped[str | None] = mapped_column(String(32))
    password_hash: Mapped[str]
    demo_password: Mapped[bool] = mapped_column(default=False)
    must_change_password: Mapped[bool] = mapped_column(default=False)
    locale: Mapped[str | None] = mapped_column(String(16))
    active: Mapped[bool] = mapped_column(default=True)
    # Every session carries the number it was opened under; raising it signs out everywhere.
    session_generation: Mapped[int] = mapped_column(default=0)


class RoleGrant(Base):
    """A role of an officer at a node of the agency tree."""

    __tablename__ = "role_grant"

    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(24), primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True)


class SecondFactor(Base):
    """An officer's TOTP secret, sealed with the deployment's secret; asked for once it is confirmed.

    ``last_step`` is the time step (30 s since 1970) of the last code that counted: none up to it counts again.
    """

    __tablename__ = "second_factor"

    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"), primary_key=True)
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)


class RecoveryCode(Base):
    """One of ten codes that each stand in once for a code of the second factor."""

    __tablename__ = "recovery_code"

    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"), primary_key=True)
    code_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    used_at: Mapped[datetime | None]


class AccessToken(Base):
    """A desk session of the API; the token itself is known to its holder only."""

    __tablename__ = "access_token"

    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    session_generation: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class SignInAttempt(Base):
    """Failed attempts per key (login, address, enrolment), counted in the database for all processes."""

    __tablename__ = "sign_in_attempt"

    key: Mapped[str] = mapped_column(String(160), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    window_started_at: Mapped[datetime]


class Install(Base):
    """One enrolment of a handset. A handset that is enrolled again is another install."""

    __tablename__ = "install"
    __table_args__ = (
        CheckConstraint("item_count >= 0", name="item_count"),
        CheckConstraint("backed_up_through <= item_count", name="backed_up"),
    )

    id: Mapped[Id]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    label: Mapped[str]
    app: Mapped[str]
    credential_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    enrolled_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    # Until then a revoked install may still push, into quarantine; after it the credential opens nothing.
    grace_until: Mapped[datetime | None]
    # What the handset will use next; both open the door until the next one is used for the first time.
    next_credential_sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    # The officer on shift may pull until then; an expired session never stops a push.
    session_until: Mapped[datetime | None]
    # The counter that numbers this install's items (`n`), locked first by every push of this install.
    item_count: Mapped[int] = mapped_column(BigInteger, default=0)
    # Sum mod 2^128 of the first 16 bytes of the fingerprints of all items stored for this install, as hex.
    item_sum: Mapped[str] = mapped_column(String(32), default="0" * 32)
    # Every dseq up to here is stored; ``dseq_beyond`` is JSON [[first, last], ...] of what is stored after a gap.
    dseq_through: Mapped[int] = mapped_column(BigInteger, default=0)
    dseq_beyond: Mapped[str] = mapped_column(default="[]")
    # Items up to this ``n`` were found in a backup that had been restored and read (never a time).
    backed_up_through: Mapped[int] = mapped_column(BigInteger, default=0)


class InstallKey(Base):
    """The public key of an officer on an install; the private key never leaves the handset."""

    __tablename__ = "install_key"
    __table_args__ = (UniqueConstraint("install_id", "officer_id"),)

    id: Mapped[Id]
    install_id: Mapped[UUID] = mapped_column(ForeignKey("install.id"))
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    algorithm: Mapped[str] = mapped_column(String(8))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]


class InstallShift(Base):
    """Who was on a shared handset from when to when; ``to_at`` is open for the officer on shift."""

    __tablename__ = "install_shift"
    __table_args__ = (Index("ix_install_shift_install", "install_id", "from_at"),)

    id: Mapped[Id]
    install_id: Mapped[UUID] = mapped_column(ForeignKey("install.id"))
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    from_at: Mapped[datetime]
    to_at: Mapped[datetime | None]


class InstallReport(Base):
    """What an install last said of itself: advisory, never trusted for a decision about data."""

    __tablename__ = "install_report"

    install_id: Mapped[UUID] = mapped_column(ForeignKey("install.id"), primary_key=True)
    seen_at: Mapped[datetime]
    unsent_items: Mapped[int | None]
    unsent_photos: Mapped[int | None]
    free_mb: Mapped[int | None]
    app: Mapped[str | None]
    clock_offset_ms: Mapped[int | None] = mapped_column(BigInteger)
    dseq_next: Mapped[int | None] = mapped_column(BigInteger)
    acked_count: Mapped[int | None] = mapped_column(BigInteger)


class EnrolmentCode(Base):
    """A single-use code for one officer; repeated with the same key within 24 h it repeats its answer."""

    __tablename__ = "enrolment_code"

    code_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    created_by: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    key_sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    install_id: Mapped[UUID | None] = mapped_column(ForeignKey("install.id"))
