"""What may stand in an answer to an install at this moment (P6), computed from the tables by statements of its own.

It knows nothing of the feed: it would otherwise repeat the feed's mistakes.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from server.casework.models import Case, FieldTask, TaskAssignment
from server.evidence.models import Evidence
from server.gateway.models import InboxItem
from server.identity.models import Agency, Install, InstallKey, Officer, Squad

_ENDED = ("closed", "forced_closed", "rejected", "merged", "self_handled")
UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HASHES = re.compile(r"\b[0-9a-f]{64}\b")


@dataclass(frozen=True)
class Granted:
    """Ids and hashes that an install may see, ids it may only be told to drop, and its mirror as it should be."""

    ids: frozenset[str]
    hashes: frozenset[str]
    once: frozenset[str]
    mirror: frozenset[tuple[str, str, str]]


def granted(session: Session, install_id: UUID) -> Granted:
    """Return what an install may see now, on behalf of the officer on shift."""
    install = session.get_one(Install, install_id)
    officer = session.get_one(Officer, install.officer_id)
    cases = session.execute(
        select(Case.id, Case.version, Case.origin_item_id).where(
            Case.reporter_id == officer.id, Case.shelved_at.is_(None), Case.install_id.is_not(None)
        )
    ).all()
    mine = or_(
        FieldTask.officer_id == officer.id,
        FieldTask.squad_id == officer.squad_id if officer.squad_id else FieldTask.officer_id == officer.id,
    )
    tasks = session.execute(
        select(FieldTask.id, FieldTask.version, FieldTask.case_id, FieldTask.officer_id)
        .join(Case, Case.id == FieldTask.case_id)
        .where(mine, FieldTask.status != "cancelled", Case.state.not_in(_ENDED))
    ).all()
    shown = {row.id for row in cases} | {row.case_id for row in tasks}
    items = session.execute(
        select(InboxItem.item_id, InboxItem.fingerprint, InboxItem.outcome).where(InboxItem.install_id == install_id)
    ).all()
    declared = session.scalars(select(Evidence.sha256).where(Evidence.install_id == install_id))
    present = session.scalars(
        select(Evidence.sha256).where(Evidence.owner_id.in_(shown), Evidence.present_at.is_not(None))
    )
    return Granted(
        ids=_texts(
            shown,
            (row.id for row in tasks),
            (row.officer_id for row in tasks),
            (row.origin_item_id for row in cases),
            (row.item_id for row in items),
            (found for row in items for found in UUIDS.findall(row.outcome)),
            session.scalars(select(InstallKey.officer_id).where(InstallKey.install_id == install_id)),
            (install_id, officer.id),
        ),
        hashes=frozenset((*declared, *present, *(row.fingerprint for row in items))),
        once=_once(session, officer),
        mirror=frozenset(
            (
                *(("case", str(row.id), row.version) for row in cases),
                *(("task", str(row.id), row.version) for row in tasks),
            )
        ),
    )


def common(session: Session) -> frozenset[str]:
    """Return the ids that every handset may read: agencies and squads."""
    return _texts(session.scalars(select(Agency.id)), session.scalars(select(Squad.id)))


def _once(session: Session, officer: Officer) -> frozenset[str]:
    """Return the tasks that were ever given to the officer or the present squad, and every case of the officer."""
    given = session.scalars(
        select(TaskAssignment.task_id).where(
            or_(TaskAssignment.officer_id == officer.id, TaskAssignment.squad_id == officer.squad_id)
        )
    )
    return _texts(given, session.scalars(select(Case.id).where(Case.reporter_id == officer.id)))


def _texts(*ids: Iterable[object]) -> frozenset[str]:
    return frozenset(str(one) for several in ids for one in several)
