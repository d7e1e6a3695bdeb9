"""What handsets may see of casework at this moment: the data of their mirrors, and photographs' bytes.

Decided at read time from the grants as they are now. What is not returned here is dropped from the mirror.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from server.casework.models import Case, FieldTask
from server.casework.rules import State
from server.evidence.models import Evidence

Key = tuple[str, UUID]
Seen = tuple[str, dict[str, Any]]


def visible_entities(session: Session, scopes: Sequence[str], wanted: Iterable[Key]) -> dict[Key, Seen]:
    """Return (version, data) of those of ``wanted`` = (type, id) that the holder of ``scopes`` may see now.

    A ``case`` is seen by its reporter, always. A ``task`` is seen by the squad or officer of its current round
    until it is cancelled or its case is closed.
    """
    ids: dict[str, set[UUID]] = {"case": set(), "task": set()}
    for kind, entity_id in wanted:
        ids.setdefault(kind, set()).add(entity_id)
    return _cases(session, scopes, ids["case"]) | _tasks(session, scopes, ids["task"])


def photo_shown(session: Session, scopes: Sequence[str], sha256: str) -> bool:
    """Tell whether a task or case that these scopes see now shows this photograph, rightly attached by its sender."""
    by_task = exists().where(
        FieldTask.case_id == Evidence.owner_id, Case.id == FieldTask.case_id, _task_visible(scopes)
    )
    by_case = exists().where(Case.id == Evidence.owner_id, Case.reporter_id.in_(_ids(scopes, "officer")))
    shown = exists().where(
        Evidence.sha256 == sha256,
        Evidence.owner_kind == "case",
        Evidence.present_at.is_not(None),
        or_(by_task, by_case),
    )
    return bool(session.scalar(select(shown)))


def _cases(session: Session, scopes: Sequence[str], ids: set[UUID]) -> dict[Key, Seen]:
    if not ids:
        return {}
    rows = session.scalars(select(Case).where(Case.id.in_(ids), Case.reporter_id.in_(_ids(scopes, "officer")))).all()
    missing = _missing(session, [case.id for case in rows])
    return {("case", case.id): (case.version, _case_data(case, missing.get(case.id, []))) for case in rows}


def _case_data(case: Case, missing: list[str]) -> dict[str, Any]:
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


def _tasks(session: Session, scopes: Sequence[str], ids: set[UUID]) -> dict[Key, Seen]:
    if not ids:
        return {}
    rows = session.execute(
        select(FieldTask, Case)
        .join(Case, Case.id == FieldTask.case_id)
        .where(FieldTask.id.in_(ids), _task_visible(scopes))
    ).all()
    photos = _photos(session, {case.id for _task, case in rows})
    return {("task", task.id): (task.version, _task_data(task, case, photos.get(case.id, []))) for task, case in rows}


def _task_data(task: FieldTask, case: Case, photos: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "task_id": str(task.id),
        "case_id": str(case.id),
        "case_no": case.case_no,
        "task_kind": task.kind,
        "assignment_no": task.assignment_no,
        "status": task.status,
        "category": {"scheme": case.scheme, "code": case.category_code},
        "description": case.description,
        "position": {"lon": case.lon, "lat": case.lat, "crs": case.crs},
        "squad_id": task.squad_id and str(task.squad_id),
        "officer_id": task.officer_id and str(task.officer_id),
        "photos": photos,
    }


def _task_visible(scopes: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition on FieldTask joined to its Case."""
    mine = or_(FieldTask.squad_id.in_(_ids(scopes, "squad")), FieldTask.officer_id.in_(_ids(scopes, "officer")))
    return and_(mine, FieldTask.status != "cancelled", Case.state != State.CLOSED)


def _ids(scopes: Sequence[str], kind: str) -> list[UUID]:
    prefix = f"{kind}:"
    return [UUID(scope.removeprefix(prefix)) for scope in scopes if scope.startswith(prefix)]


def _missing(session: Session, case_ids: list[UUID]) -> dict[UUID, list[str]]:
    """Return per case the hashes that its reporter still has to send: those of the report's own photographs."""
    rows = session.execute(
        select(Evidence.owner_id, Evidence.sha256)
        .join(Case, Case.id == Evidence.owner_id)
        .where(
            Evidence.owner_kind == "case",
            Evidence.owner_id.in_(case_ids),
            Evidence.present_at.is_(None),
            Evidence.officer_id == Case.reporter_id,
        )
        .order_by(Evidence.item_id, Evidence.position)
    )
    found: dict[UUID, list[str]] = {}
    for case_id, sha256 in rows:
        found.setdefault(case_id, []).append(sha256)
    return found


def _photos(session: Session, case_ids: set[UUID]) -> dict[UUID, list[dict[str, str]]]:
    """Return per case what can be looked at: photographs of all rounds whose sender proved to have them."""
    rows = session.execute(
        select(Evidence.owner_id, Evidence.sha256, Evidence.role)
        .where(
            Evidence.owner_kind == "case",
            Evidence.owner_id.in_(case_ids),
            Evidence.present_at.is_not(None),
        )
        .order_by(Evidence.expected_at, Evidence.item_id, Evidence.position)
    )
    found: dict[UUID, list[dict[str, str]]] = {}
    for case_id, sha256, role in rows:
        found.setdefault(case_id, []).append({"sha256": sha256, "role": role})
    return found
