"""The scrubber's rows: which originals wait to be read again, and what was found (server/evidence/scrubbing.py)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from server.clock import now
from server.evidence.models import Photo
from server.evidence.presence import MISSING
from server.evidence.strays import note_found, note_lost
from server.ledger.alarms import raise_alarm
from server.ledger.operations import Doer, record

# A store that lost everything must not make an event that no page shows.
_MOST_NAMED = 1000


@dataclass(frozen=True)
class Checked:
    """One original that was read: its length, and None or what is wrong: ``missing``, ``unreadable``, another hash."""

    sha256: str
    size: int
    damage: str | None


def waiting(session: Session, begun: datetime, node: str, most: int) -> list[str]:
    """Return originals that were not checked since ``begun``: those never checked, then the longest ago."""
    never = select(Photo.sha256).where(_is_kept(node), Photo.checked_at.is_(None)).limit(most)
    found = list(session.scalars(never))
    if len(found) < most:
        oldest = select(Photo.sha256).where(_is_kept(node), Photo.checked_at < begun).order_by(Photo.checked_at)
        found += session.scalars(oldest.limit(most - len(found)))
    return found


def count_waiting(session: Session, begun: datetime, node: str) -> int:
    """Return how many originals were not checked since ``begun``."""
    unchecked = or_(Photo.checked_at.is_(None), Photo.checked_at < begun)
    return session.execute(select(func.count()).select_from(Photo).where(_is_kept(node), unchecked)).scalar_one()


def note_checked(session: Session, checked: Sequence[Checked]) -> list[str]:
    """Note findings; return the photographs that were damaged and are sound again."""
    moment = now()
    hashes = sorted(each.sha256 for each in checked)
    session.execute(
        update(Photo)
        .where(Photo.sha256.in_(hashes))
        .values(checked_at=moment)
        .execution_options(synchronize_session=False)
    )
    damaged = select(Photo.sha256, Photo.damage).where(Photo.sha256.in_(hashes), Photo.damage.is_not(None))
    known: dict[str, str | None] = dict(session.execute(damaged).all())
    mended = []
    for each in checked:
        was = known.get(each.sha256)
        if each.damage is None and was is not None and _mend(session, each.sha256, was):
            mended.append(each.sha256)
        elif each.damage is not None and each.damage != was:
            _note_damage(session, each.sha256, each.damage, moment)
    return mended


def tell(session: Session, checked: int, size: int, bad: Mapping[str, str], mended: Sequence[str]) -> None:
    """Record a run as one custody event: not one for each photograph, which a month would repeat for all of them."""
    facts = {
        "count": checked,
        "bytes": size,
        "bad_count": len(bad),
        "bad": [{"sha256": sha256, "damage": bad[sha256]} for sha256 in sorted(bad)[:_MOST_NAMED]],
        "mended": sorted(mended)[:_MOST_NAMED],
    }
    record(session, "scrubbed", ("store", "originals"), Doer(), facts)


def _is_kept(node: str) -> ColumnElement[bool]:
    """Return the condition that the bytes shall be there, and that this machine can read them."""
    return and_(
        Photo.deleting_at.is_(None),
        Photo.disposed_at.is_(None),
        or_(Photo.durability == "stored", Photo.node == node),
    )


def _mend(session: Session, sha256: str, was: str) -> bool:
    if was == MISSING:
        return note_found(session, sha256)
    _clear(session, sha256)
    return True


def _clear(session: Session, sha256: str) -> None:
    sound = update(Photo).where(Photo.sha256 == sha256).values(damaged_at=None, damage=None)
    session.execute(sound.execution_options(synchronize_session=False))


def _note_damage(session: Session, sha256: str, damage: str, moment: datetime) -> None:
    if damage == MISSING:
        _clear(session, sha256)  # it may have been damaged before it went
        note_lost(session, sha256)
        return
    damaged = update(Photo).where(Photo.sha256 == sha256).values(damaged_at=moment, damage=damage)
    session.execute(damaged.execution_options(synchronize_session=False))
    raise_alarm(session, "photo_damaged", f"photo:{sha256}", {"found": damage, "found_by": "scrub"})
