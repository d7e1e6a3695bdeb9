"""Photographs near another one: of the same owner, or within 30 days of the same install or within 200 m. Read-only."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, Float, Uuid, and_, bindparam, select
from sqlalchemy.orm import Session

from server.evidence.models import Evidence, Likeness

NEAR_M = 200.0
NEAR_TIME = timedelta(days=30)
# A circle in which more than this was photographed within two months says nothing by being alike.
MOST = 5_000
_METRES_PER_DEGREE = 111_195.0
_ALIKE = (
    select(Likeness.sha256, Likeness.bits)
    .join(Evidence, Likeness.sha256 == Evidence.sha256)
    .where(Likeness.flat.is_(False), Evidence.present_at.is_not(None))
    .limit(MOST)
)
_RECENT = and_(
    # The server makes these ids when it notes the evidence, so their order is that of its clock.
    Evidence.id.between(bindparam("first", type_=Uuid), bindparam("last", type_=Uuid)),
    Evidence.flagged_version.is_not(None),
)
# Built once: building one takes longer than SQLite takes to run it.
_OF_OWNER = _ALIKE.where(
    Evidence.owner_kind == bindparam("owner_kind"), Evidence.owner_id == bindparam("owner_id", type_=Uuid)
)
_OF_INSTALL = _ALIKE.where(Evidence.install_id == bindparam("install", type_=Uuid), _RECENT)
_AROUND = _ALIKE.where(
    Evidence.lat.between(bindparam("south", type_=Float), bindparam("north", type_=Float)),
    Evidence.lon.between(bindparam("west", type_=Float), bindparam("east", type_=Float)),
    Evidence.lat.is_not(None),
    _RECENT,
)


def near(session: Session, evidence: Evidence) -> dict[str, bytes]:
    """Return the likeness of every photograph near this evidence that is not flat, by its hash; its own included.

    ``NEAR_M`` is counted to the north and to the east, not along the diagonal. Photographs whose flags were never
    worked out are found through their owner only; when their turn comes, they find this one.
    """
    found: dict[str, bytes] = {}
    for circle, bounds in _circles(evidence):
        found |= {row.sha256: row.bits for row in session.execute(circle, bounds)}
    return found


def _circles(evidence: Evidence) -> Iterator[tuple[Executable, dict[str, Any]]]:
    """Return one statement for each index that serves it, and what it binds."""
    yield _OF_OWNER, {"owner_kind": evidence.owner_kind, "owner_id": evidence.owner_id}
    moment = evidence.expected_at
    recent = {"first": _first_id(moment - NEAR_TIME), "last": _first_id(moment + NEAR_TIME)}
    yield _OF_INSTALL, {"install": evidence.install_id, **recent}
    if evidence.lat is not None and evidence.lon is not None:
        north = NEAR_M / _METRES_PER_DEGREE
        east = north / max(0.01, math.cos(math.radians(evidence.lat)))
        south_north = {"south": evidence.lat - north, "north": evidence.lat + north}
        yield _AROUND, {"west": evidence.lon - east, "east": evidence.lon + east, **south_north, **recent}


def _first_id(moment: datetime) -> UUID:
    return UUID(int=int(moment.timestamp() * 1000) << 80)
