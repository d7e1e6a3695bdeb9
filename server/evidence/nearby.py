"""Photographs near another one: of the same owner, or within 30 days of the same install or within 200 m. Read-only."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from server.evidence.models import Evidence, Likeness

NEAR_M = 200.0
NEAR_TIME = timedelta(days=30)
# A circle in which more than this was photographed within two months says nothing by being alike.
MOST = 5_000
_METRES_PER_DEGREE = 111_195.0


def near(session: Session, evidence: Evidence) -> dict[str, bytes]:
    """Return the likeness of every photograph near this evidence that is not flat, by its hash; its own included.

    ``NEAR_M`` is counted to the north and to the east, not along the diagonal. Photographs whose flags were never
    worked out are found through their owner only; when their turn comes, they find this one.
    """
    alike = (
        select(Likeness.sha256, Likeness.bits)
        .join(Evidence, Likeness.sha256 == Evidence.sha256)
        .where(Likeness.flat.is_(False), Evidence.present_at.is_not(None))
    )
    found: dict[str, bytes] = {}
    for circle in _circles(evidence):
        found |= {row.sha256: row.bits for row in session.execute(alike.where(circle).limit(MOST))}
    return found


def _circles(evidence: Evidence) -> Iterator[ColumnElement[bool]]:
    """Return one condition for each index that serves it."""
    yield and_(Evidence.owner_kind == evidence.owner_kind, Evidence.owner_id == evidence.owner_id)
    moment = evidence.expected_at
    recent = and_(
        # The server makes these ids when it notes the evidence, so their order is that of its clock.
        Evidence.id.between(_first_id(moment - NEAR_TIME), _first_id(moment + NEAR_TIME)),
        Evidence.flagged_version.is_not(None),
    )
    yield and_(Evidence.install_id == evidence.install_id, recent)
    if evidence.lat is not None and evidence.lon is not None:
        north = NEAR_M / _METRES_PER_DEGREE
        east = north / max(0.01, math.cos(math.radians(evidence.lat)))
        yield and_(
            Evidence.lat.between(evidence.lat - north, evidence.lat + north),
            Evidence.lon.between(evidence.lon - east, evidence.lon + east),
            Evidence.lat.is_not(None),
            recent,
        )


def _first_id(moment: datetime) -> UUID:
    return UUID(int=int(moment.timestamp() * 1000) << 80)
