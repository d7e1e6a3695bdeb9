"""Which photographs a handset still owes, most urgent first: declared by it, not arrived, and who waits for them."""

from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from server.casework.models import Case
from server.casework.rules import State
from server.evidence.models import Evidence

# The reasons never name a case: the handset may not see it any more.
REASONS = {
    1: "A desk waits for it to review or close the case.",
    2: "The case is being worked on.",
    3: "The report waits to be filed.",
    4: "The case is over; its record is incomplete without it.",
}
_PRIORITY = {
    State.DISPOSED: 1,
    State.CHECKING: 1,
    State.FILED: 2,
    State.DISPATCHED: 2,
    State.IN_DISPOSAL: 2,
    State.CLOSED: 4,
    State.SELF_HANDLED: 4,
}
_OTHERWISE = 3


def photo_wants(session: Session, install_id: UUID, limit: int) -> list[dict[str, object]]:
    """Return up to ``limit`` of ``{sha256, priority, reason}``, 1 first, then the longest declared; each hash once.

    One statement over the missing photographs of one install (a partial index) and the cases that own them.
    """
    priority = func.min(case(*((Case.state == state, rank) for state, rank in _PRIORITY.items()), else_=_OTHERWISE))
    rows = session.execute(
        select(Evidence.sha256, priority)
        .outerjoin(Case, (Evidence.owner_kind == "case") & (Case.id == Evidence.owner_id))
        .where(Evidence.install_id == install_id, Evidence.present_at.is_(None))
        .group_by(Evidence.sha256)
        .order_by(priority, func.min(Evidence.expected_at), Evidence.sha256)
        .limit(limit)
    )
    return [{"sha256": sha256, "priority": rank, "reason": REASONS[rank]} for sha256, rank in rows]
