"""What one transaction reads again and again and nobody else's commit should change in its midst: read once, kept.

A session lives as long as its transaction (server/db.py), so nothing that is kept can outlive what it was read from.
Only for what the operation itself does not write.
"""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

from sqlalchemy.orm import Session

R = TypeVar("R")

_KEY = "recalled"


def recall(session: Session, key: Hashable, read: Callable[[], R]) -> R:
    """Return what was read under ``key`` in this session, else ``read`` it; it must not be changed by anybody."""
    known = _known(session)
    if known is None:
        return read()
    if key not in known:
        known[key] = read()
    return cast("R", known[key])


def keep(session: Session, key: Hashable, found: object) -> None:
    """Keep what was read on the way, for whoever recalls it in this session."""
    known = _known(session)
    if known is not None:
        known[key] = found


def _known(session: Session) -> dict[Hashable, Any] | None:
    # The bare connection of a glance is given back to a pool, and what it knows with it.
    asking: object = session
    if not isinstance(asking, Session):
        return None
    known: dict[Hashable, Any] = asking.info.setdefault(_KEY, {})
    return known
