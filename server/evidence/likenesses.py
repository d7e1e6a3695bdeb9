"""The look-alike index: what each photograph looks like, and which others look the same. Exact up to SAME bits.

A search costs the same for every photograph and knows no agency: who is told what is decided by the caller. Flat
pictures are kept but neither filed nor found: everything without content would be alike.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Executable, Uuid, bindparam, delete, select, update
from sqlalchemy.orm import Session

from photo_store.likeness import PERHAPS_SAME_PLACE, SAME, Likeness, distances, same_among
from photo_store.likeness_slots import probes, slots
from server.base import table_of
from server.evidence import models
from server.evidence.models import Evidence, LikenessSlot
from server.evidence.nearby import near
from server.upsert import dialect_of, insert_in

__all__ = ["Alike", "alike", "forget", "others_with", "remember", "same_pictures"]

_KNOWN = models.Likeness
_SLOTS = table_of(LikenessSlot)
_LOOKS = table_of(_KNOWN)
_evidence = table_of(Evidence).c
_LOOK = select(_LOOKS.c.id, _LOOKS.c.bits, _LOOKS.c.flat, _LOOKS.c.embedded).where(_LOOKS.c.sha256 == bindparam("hash"))
_DUE_AGAIN = update(table_of(Evidence)).where(_evidence.sha256 == bindparam("hash")).values(flagged_version=None)
# All that is filed under some slots as one value: 4,000 of a million photographs, of which hardly one is looked at
# again, and making a row of each would take longer than everything else.
_EVERY = {"sqlite": "group_concat(hex(bits), '')", "postgresql": "string_agg(bits, ''::bytea)"}
_NAMED = (
    select(_LOOKS.c.sha256, _SLOTS.c.bits)
    .join(_SLOTS, _SLOTS.c.likeness_id == _LOOKS.c.id)
    .where(_SLOTS.c.slot.in_(bindparam("places", expanding=True)))
    .where(_SLOTS.c.bits.in_(bindparam("looks", expanding=True)))
)
# A picture that thousands of cases show needs no longer list than this to be asked about.
MOST_OTHERS = 200
_OTHERS = (
    select(Evidence)
    .where(
        Evidence.sha256.in_(bindparam("hashes", expanding=True)),
        Evidence.id != bindparam("of", type_=Uuid),
        Evidence.present_at.is_not(None),
    )
    .order_by(Evidence.id)
    .limit(MOST_OTHERS)
)


@dataclass(frozen=True)
class Alike:
    """Other photographs that look like one: by hash, how many of 256 bits they differ in (0: also the same file)."""

    same: dict[str, int]
    perhaps_same_place: dict[str, int]


def remember(session: Session, sha256: str, likeness: Likeness, embedded: int | None = None) -> None:
    """Keep what a photograph looks like and file it; the same again changes nothing.

    ``embedded``: photo_store.embedded's distance of the thumbnail inside the file. All evidence of the photograph is
    due for its flags again.
    """
    was = session.execute(_LOOK, {"hash": sha256}).one_or_none()
    if was is not None and (was.bits, was.flat, was.embedded) == (likeness.bits, likeness.flat, embedded):
        return
    told = {"bits": likeness.bits, "flat": likeness.flat, "embedded": embedded}
    dialect = dialect_of(session)
    likeness_id = session.execute(_knowing(dialect), {"sha256": sha256, **told}).scalar_one()
    if was is not None:
        _take_out(session, likeness_id, was.bits)
    if not likeness.flat:
        filed = [{"slot": slot, "likeness_id": likeness_id, "bits": likeness.bits} for slot in slots(likeness.bits)]
        session.execute(_filing(dialect), filed)
    session.execute(_DUE_AGAIN, {"hash": sha256})


# Built once for each dialect: building them takes longer than SQLite takes to run them.


@cache
def _knowing(dialect: str) -> Executable:
    known = insert_in(dialect, _LOOKS)
    told = {name: known.excluded[name] for name in ("bits", "flat", "embedded")}
    return known.on_conflict_do_update(index_elements=["sha256"], set_=told).returning(_LOOKS.c.id)


@cache
def _filing(dialect: str) -> Executable:
    return insert_in(dialect, _SLOTS).on_conflict_do_nothing()


def forget(session: Session, sha256: str) -> None:
    """Delete the likeness of a photograph that was lawfully disposed of or collected, from wherever it is filed."""
    known = session.execute(select(_KNOWN.id, _KNOWN.bits).where(_KNOWN.sha256 == sha256)).one_or_none()
    if known is None:
        return
    _take_out(session, known.id, known.bits)
    session.execute(delete(_LOOKS).where(_LOOKS.c.id == known.id))


def alike(session: Session, evidence: Evidence) -> Alike:
    """Return which photographs look like this evidence's: first those near it, then everywhere.

    The same pictures are found wherever they are. Perhaps the same place is a hint that is only worth something near:
    the same owner, install or place.
    """
    mine = session.execute(_LOOK, {"hash": evidence.sha256}).one_or_none()
    if mine is None or mine.flat:
        return Alike({}, {})
    around = near(session, evidence)
    around.pop(evidence.sha256, None)
    found = dict(zip(around, distances(mine.bits, list(around.values())), strict=True))
    same = {sha256: bits for sha256, bits in found.items() if bits <= SAME}
    hints = {sha256: bits for sha256, bits in found.items() if SAME < bits <= PERHAPS_SAME_PLACE}
    everywhere = same_pictures(session, mine.bits)
    everywhere.pop(evidence.sha256, None)
    return Alike(same | everywhere, hints)


def others_with(session: Session, evidence: Evidence, sha256s: Collection[str]) -> list[Evidence]:
    """Return the other evidence that shows any of these photographs and is here, oldest first."""
    return list(session.scalars(_OTHERS, {"hashes": list(sha256s), "of": evidence.id})) if sha256s else []


def same_pictures(session: Session, bits: bytes) -> dict[str, int]:
    """Return all filed photographs within SAME of ``bits``: hash and distance."""
    connection = session.connection()
    # Written into the statement: binding 272 numbers takes longer than finding what is filed under them.
    places = ",".join(map(str, probes(bits)))
    every = _EVERY[connection.dialect.name]
    filed = connection.exec_driver_sql(f"SELECT {every} FROM likeness_slot WHERE slot IN ({places})").scalar()  # noqa: S608 (numbers of our own)
    if not filed:
        return {}
    found = same_among(bits, bytes.fromhex(filed) if isinstance(filed, str) else filed)
    if not found:
        return {}
    named = session.execute(_NAMED, {"places": [slots(look)[0] for look in found], "looks": list(found)})
    return {row.sha256: found[row.bits] for row in named}


def _take_out(session: Session, likeness_id: int, bits: bytes) -> None:
    session.execute(delete(_SLOTS).where(_SLOTS.c.slot.in_(slots(bits)), _SLOTS.c.likeness_id == likeness_id))
