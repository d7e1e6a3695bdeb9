"""Which photographs a handset still owes, most urgent first: declared by it, not to be had, and who waits for them."""

from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, Uuid, bindparam, case, func, select, union_all
from sqlalchemy.orm import Session

from server.base import UtcDateTime
from server.casework.models import Case
from server.casework.rules import ENDED, State
from server.clock import now
from server.evidence.models import Evidence, Photo, Upload
from server.evidence.presence import NODE_SILENT, is_missing, is_on_a_node_unseen_since

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
    State.RETURNED: 2,
    State.IN_DISPOSAL: 2,
    State.SUSPENDED: 2,
    State.REWORK: 2,
    **dict.fromkeys(ENDED, 4),
}
_OTHERWISE = 3


# Every push asks this: written once.
_INSTALL = bindparam("install_id", type_=Uuid())
_COLUMNS = (Evidence.sha256, Evidence.owner_kind, Evidence.owner_id, Evidence.expected_at)


def _expected() -> Select[*tuple[object, ...]]:
    """Select what never arrived; not what came as other bytes twice: it would come so for ever."""
    came_as_others = select(Upload.declared_sha256).where(
        Upload.install_id == _INSTALL, Upload.declared_sha256.is_not(None), Upload.state == "complete"
    )
    return select(*_COLUMNS).where(
        Evidence.install_id == _INSTALL,
        Evidence.present_at.is_(None),
        Evidence.disposed_at.is_(None),
        Evidence.sha256.not_in(came_as_others),
    )


def _lost(is_lost: ColumnElement[bool]) -> Select[*tuple[object, ...]]:
    # Not the bare column: the few lost photographs lead to the install's evidence, never all its evidence to them.
    of_install = func.coalesce(Evidence.install_id, Evidence.install_id) == _INSTALL
    present = Evidence.present_at.is_not(None)
    return select(*_COLUMNS).join(Photo, Photo.sha256 == Evidence.sha256).where(is_lost, of_install, present)


_SILENT = is_on_a_node_unseen_since(bindparam("alive_since", type_=UtcDateTime()))
_OWED = union_all(_expected(), _lost(is_missing()), _lost(_SILENT)).subquery()
_RANK = func.min(case(*((Case.state == state, rank) for state, rank in _PRIORITY.items()), else_=_OTHERWISE))
_WANTS = (
    select(_OWED.c.sha256, _RANK)
    .outerjoin(Case, (_OWED.c.owner_kind == "case") & (Case.id == _OWED.c.owner_id))
    .group_by(_OWED.c.sha256)
    .order_by(_RANK, func.min(_OWED.c.expected_at), _OWED.c.sha256)
    .limit(bindparam("most", type_=Integer()))
)


def photo_wants(session: Session, install_id: UUID, limit: int) -> list[dict[str, object]]:
    """Return up to ``limit`` of ``{sha256, priority, reason}``, 1 first, then the longest declared; each hash once.

    One statement: what never came, what the store has lost, what lies on a machine that is silent (each a partial
    index), and the cases that own them.
    """
    asked = {"install_id": install_id, "alive_since": now() - NODE_SILENT, "most": limit}
    rows = session.execute(_WANTS, asked)
    return [{"sha256": sha256, "priority": rank, "reason": REASONS[rank]} for sha256, rank in rows]
