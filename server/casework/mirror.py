"""What handsets may see of casework at this moment: the data of their mirrors, and photographs' bytes.

Decided at read time from the grants as they are now. What is not returned here is dropped from the mirror.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Row, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from server.casework.models import Case, FieldTask
from server.casework.rules import ENDED
from server.clock import stamp
from server.evidence.models import Evidence

Key = tuple[str, UUID]
Seen = tuple[str, dict[str, Any]]

# The types of entities that a mirror holds.
MIRRORED = frozenset({"case", "task"})

# Executed by every page of a pull: columns of the bare tables, written once, no entities.
_case, _task, _evidence = Case.__table__.c, FieldTask.__table__.c, Evidence.__table__.c
_SEES_CASE = and_(
    _case.reporter_id.in_(bindparam("officers", expanding=True)),
    _case.shelved_at.is_(None),
    # What a desk registered is on no handset, whoever sat there.
    _case.install_id.is_not(None),
)
_SEES_TASK = and_(
    or_(
        _task.squad_id.in_(bindparam("squads", expanding=True)),
        _task.officer_id.in_(bindparam("officers", expanding=True)),
    ),
    _task.status != "cancelled",
    # A patrol is about no case, and a revisit comes after its end.
    or_(_task.kind.in_(("patrol", "revisit")), _case.state.not_in(ENDED)),
)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_CASES = select(
    _case.id,
    _case.version,
    _case.origin_item_id,
    _case.case_no,
    _case.state,
    _case.scheme,
    _case.category_code,
    _case.description,
).where(_case.id.in_(_IDS), _SEES_CASE)
_TASKS = (
    select(
        _task.id,
        _task.version,
        _task.kind,
        _task.assignment_no,
        _task.status,
        _task.squad_id,
        _task.officer_id,
        _task.instructions,
        _task.due_at,
        _task.grid_code,
        _task.case_id,
        _case.case_no,
        _case.scheme,
        _case.category_code,
        _case.description,
        _case.lon,
        _case.lat,
        _case.crs,
        _case.address,
    )
    .outerjoin_from(FieldTask.__table__, Case.__table__, _case.id == _task.case_id)
    .where(_task.id.in_(_IDS), _SEES_TASK)
)
_CASE_VERSIONS = select(_case.id, _case.version).where(_SEES_CASE)
_TASK_VERSIONS = (
    select(_task.id, _task.version)
    .outerjoin_from(FieldTask.__table__, Case.__table__, _case.id == _task.case_id)
    .where(_SEES_TASK)
)
_MISSING = (
    select(_evidence.owner_id, _evidence.sha256)
    .join_from(Evidence.__table__, Case.__table__, _case.id == _evidence.owner_id)
    .where(
        _evidence.owner_kind == "case",
        _evidence.owner_id.in_(_IDS),
        _evidence.present_at.is_(None),
        _evidence.officer_id == _case.reporter_id,
    )
    .order_by(_evidence.item_id, _evidence.position)
)
_PHOTOS = (
    select(_evidence.owner_id, _evidence.sha256, _evidence.role)
    .where(_evidence.owner_kind == "case", _evidence.owner_id.in_(_IDS), _evidence.present_at.is_not(None))
    .order_by(_evidence.expected_at, _evidence.item_id, _evidence.position)
)


def visible_entities(session: Session, scopes: Sequence[str], wanted: Iterable[Key]) -> dict[Key, Seen]:
    """Return (version, data) of those of ``wanted`` = (type, id) that the holder of ``scopes`` may see now.

    A ``case`` is seen by its reporter until it is shelved. A ``task`` is seen by the squad or officer of its current
    round until it is cancelled or its case has ended; a revisit and a patrol until they are cancelled.
    """
    ids: dict[str, list[UUID]] = {kind: [] for kind in MIRRORED}
    for kind, entity_id in wanted:
        if kind in ids:
            ids[kind].append(entity_id)
    return _cases(session, scopes, ids["case"]) | _tasks(session, scopes, ids["task"])


def visible_versions(session: Session, scopes: Sequence[str]) -> dict[Key, str]:
    """Return the version of everything that the holder of ``scopes`` may see now."""
    holders = _holders(scopes)
    found: dict[Key, str] = {("case", row.id): row.version for row in session.execute(_CASE_VERSIONS, holders)}
    return found | {("task", row.id): row.version for row in session.execute(_TASK_VERSIONS, holders)}


def photo_shown(session: Session, scopes: Sequence[str], sha256: str) -> bool:
    """Tell whether a task or case that these scopes see now shows this photograph, rightly attached by its sender."""
    holders = _holders(scopes)
    by_task = exists().where(FieldTask.case_id == Evidence.owner_id, Case.id == FieldTask.case_id, _SEES_TASK)
    by_case = exists().where(Case.id == Evidence.owner_id, _SEES_CASE)
    shown = exists().where(
        Evidence.sha256 == sha256,
        Evidence.owner_kind == "case",
        Evidence.present_at.is_not(None),
        or_(by_task, by_case),
    )
    return bool(session.scalar(select(shown), holders))


def _holders(scopes: Sequence[str]) -> dict[str, list[UUID]]:
    return {"officers": _ids(scopes, "officer"), "squads": _ids(scopes, "squad")}


def _cases(session: Session, scopes: Sequence[str], ids: list[UUID]) -> dict[Key, Seen]:
    if not ids:
        return {}
    rows = session.execute(_CASES, {**_holders(scopes), "ids": ids}).all()
    missing = _missing(session, [case.id for case in rows])
    return {("case", case.id): (case.version, _case_data(case, missing.get(case.id, []))) for case in rows}


def _case_data(case: Row[*tuple[Any, ...]], missing: list[str]) -> dict[str, Any]:
    return {
        "case_id": str(case.id),
        # Whose outcome this is: the reporter's handset may never have got the answer to its push.
        "item_id": str(case.origin_item_id),
        "case_no": case.case_no,
        "state": case.state,
        "category": {"scheme": case.scheme, "code": case.category_code},
        "description": case.description,
        "missing_photos": missing,
    }


def _tasks(session: Session, scopes: Sequence[str], ids: list[UUID]) -> dict[Key, Seen]:
    if not ids:
        return {}
    rows = session.execute(_TASKS, {**_holders(scopes), "ids": ids}).all()
    photos = _photos(session, list({task.case_id for task in rows if task.case_id}))
    return {("task", task.id): (task.version, _task_data(task, photos.get(task.case_id, []))) for task in rows}


def _task_data(task: Row[*tuple[Any, ...]], photos: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "task_id": str(task.id),
        "case_id": task.case_id and str(task.case_id),
        "case_no": task.case_no,
        "task_kind": task.kind,
        "assignment_no": task.assignment_no,
        "status": task.status,
        "category": task.case_id and {"scheme": task.scheme, "code": task.category_code},
        # A patrol has no words but its instructions.
        "description": task.description if task.case_id else task.instructions or task.grid_code,
        "position": task.case_id and {"lon": task.lon, "lat": task.lat, "crs": task.crs},
        "address": task.address,
        "instructions": task.instructions,
        "due_at": task.due_at and stamp(task.due_at),
        "grid_code": task.grid_code,
        "squad_id": task.squad_id and str(task.squad_id),
        "officer_id": task.officer_id and str(task.officer_id),
        "photos": photos,
    }


def _ids(scopes: Sequence[str], kind: str) -> list[UUID]:
    prefix = f"{kind}:"
    return [UUID(scope.removeprefix(prefix)) for scope in scopes if scope.startswith(prefix)]


def _missing(session: Session, case_ids: list[UUID]) -> dict[UUID, list[str]]:
    """Return per case the hashes that its reporter still has to send: those of the report's own photographs."""
    found: dict[UUID, list[str]] = {}
    for case_id, sha256 in session.execute(_MISSING, {"ids": case_ids}) if case_ids else ():
        found.setdefault(case_id, []).append(sha256)
    return found


def _photos(session: Session, case_ids: list[UUID]) -> dict[UUID, list[dict[str, str]]]:
    """Return per case what can be looked at: photographs of all rounds whose sender proved to have them."""
    found: dict[UUID, list[dict[str, str]]] = {}
    for case_id, sha256, role in session.execute(_PHOTOS, {"ids": case_ids}) if case_ids else ():
        found.setdefault(case_id, []).append({"sha256": sha256, "role": role})
    return found
