"""Tables of how photographs look: their perceptual hashes, and where those are found again."""

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base


class Likeness(Base):
    """The perceptual hash of a photograph: 256 bits. ``flat``: too little in the picture to call anything alike.

    ``embedded``: how many bits the thumbnail inside the file is away from the picture; None where there is none.
    """

    __tablename__ = "likeness"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    bits: Mapped[bytes] = mapped_column(LargeBinary(32))
    flat: Mapped[bool]
    embedded: Mapped[int | None]


class LikenessSlot(Base):
    """Where a hash is found again: one row for each of its 16 chunks, ``slot`` = chunk number * 65536 + its 16 bits.

    ``bits`` stand here too: a search meets 4,000 candidates in a million and must not look each of them up elsewhere.
    No foreign key: it would look through all slots of all photographs whenever one likeness goes.
    """

    __tablename__ = "likeness_slot"
    __table_args__ = ({"sqlite_with_rowid": False},)

    slot: Mapped[int] = mapped_column(primary_key=True)
    likeness_id: Mapped[int] = mapped_column(primary_key=True)
    bits: Mapped[bytes] = mapped_column(LargeBinary(32))
