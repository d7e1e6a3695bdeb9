"""What may stand in an answer to an install at this moment (P6), computed from the tables by statements of its own.

It knows nothing of the feed: it would otherwise repeat the feed's mistakes.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, or_, select
from sqlalchemy.orm import Session

from server.casework.models import Case, FieldTask, TaskAssignment
from server.evidence.models import Evidence
from server.gateway.models import InboxItem
from server.identity.models import Agency, Install, InstallKey, Officer, Squad

_ENDED = ("closed", "forced_closed", "rejected", "merged", "self_handled")
UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HASHES = re.compile(r"\b[0-9a-f]{64}\b")

# Built once: they are asked after most answers of a story, and building one costs more than answering it. Of no squad
# nothing is anybody's: NULL equals nothing.
_INSTALL: BindParameter[UUID] = bindparam("install")
_OFFICER: BindParameter[UUID] = bindparam("officer")
_SQUAD: BindParameter[UUID] = bindparam("squad")
_ASKING = (
    select(Officer.id, Officer.squad_id).join(Install, Install.officer_id == Officer.id).where(Install.id == _INSTALL)
)
_CASES = select(Case.id, Case.version, Case.origin_item_id).where(
    Case.reporter_id == _OFFICER, Case.shelved_at.is_(None), Case.install_id.is_not(None)
)
_TASKS = (
    select(FieldTask.id, FieldTask.version, FieldTask.case_id, FieldTask.officer_id)
    .join(Case, Case.id == FieldTask.case_id)
    .where(
        or_(FieldTask.officer_id == _OFFICER, FieldTask.squad_id == _SQUAD),
        FieldTask.status != "cancelled",
        Case.state.not_in(_ENDED),
    )
)
_ITEMS = select(InboxItem.item_id, InboxItem.fingerprint, InboxItem.outcome).where(InboxItem.install_id == _INSTALL)
_DECLARED = select(Evidence.sha256).where(Evidence.install_id == _INSTALL)
_PRESENT = select(Evidence.sha256).where(
    Evidence.owner_id.in_(bindparam("shown", expanding=True)), Evidence.present_at.is_not(None)
)
_KEYS = select(InstallKey.officer_id).where(InstallKey.install_id == _INSTALL)
# The tasks that were ever given to the officer or the present squad, and every case of the officer.
_GIVEN = select(TaskAssignment.task_id).where(
    or_(TaskAssignment.officer_id == _OFFICER, TaskAssignment.squad_id == _SQUAD)
)
_REPORTED = select(Case.id).where(Case.reporter_id == _OFFICER)


@dataclass(frozen=True)
class Granted:
    """Ids and hashes that an install may see."""

    ids: frozenset[str]
    hashes: frozenset[str]


def granted(session: Session, install_id: UUID) -> Granted:
    """Return what an install may see now, on behalf of the officer on shift."""
    asking = _asking(session, install_id)
    cases, tasks = session.execute(_CASES, asking).all(), session.execute(_TASKS, asking).all()
    shown = {row.id for row in cases} | {row.case_id for row in tasks}
    items = session.execute(_ITEMS, asking).all()
    present = session.scalars(_PRESENT, {"shown": list(shown)})
    return Granted(
        ids=_texts(
            shown,
            (row.id for row in tasks),
            (row.officer_id for row in tasks),
            (row.origin_item_id for row in cases),
            (row.item_id for row in items),
            (found for row in items for found in UUIDS.findall(row.outcome)),
            session.scalars(_KEYS, asking),
            (install_id, asking["officer"]),
        ),
        hashes=frozenset((*session.scalars(_DECLARED, asking), *present, *(row.fingerprint for row in items))),
    )


def had(session: Session, install_id: UUID) -> frozenset[str]:
    """Return what an install may only be told to drop: what was ever given to its officer and the present squad."""
    asking = _asking(session, install_id)
    return _texts(session.scalars(_GIVEN, asking), session.scalars(_REPORTED, asking))


def mirrored(session: Session, install_id: UUID) -> frozenset[tuple[str, str, str]]:
    """Return the mirror of an install as it should be now: (type, id, version)."""
    asking = _asking(session, install_id)
    return frozenset(
        (
            *(("case", str(row.id), row.version) for row in session.execute(_CASES, asking)),
            *(("task", str(row.id), row.version) for row in session.execute(_TASKS, asking)),
        )
    )


def common(session: Session) -> frozenset[str]:
    """Return the ids that every handset may read: agencies and squads."""
    return _texts(session.scalars(select(Agency.id)), session.scalars(select(Squad.id)))


def _asking(session: Session, install_id: UUID) -> dict[str, UUID | None]:
    row = session.execute(_ASKING, {"install": install_id}).one()
    return {"install": install_id, "officer": row.id, "squad": row.squad_id}


def _texts(*ids: Iterable[object]) -> frozenset[str]:
    return frozenset(str(one) for several in ids for one in several)
