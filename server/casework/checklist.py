"""The required photographs of a case: what its class needs, and how it stands with what counts now. Read-only.

Of the disposal only the current round counts, of the check the newest one: what an earlier round showed proves
nothing about this one, and a photograph on its way from a round taken away never blocks closing.
"""

from uuid import UUID

from sqlalchemy import Row, Uuid, bindparam, select
from sqlalchemy.orm import Session

from server.casework.models import Case, FieldTask, TaskEvent
from server.evidence.models import Evidence
from server.evidence.required import Declared, ShotStanding, standing
from server.evidence.rules import STAGE_OF_TASK, Stage
from server.standards.queries import required_shots

Item = tuple[UUID, UUID]
_Task = Row[tuple[UUID, str, int]]
# What is photographed before filing adds to the report's photographs, and a revisit comes after closing.
_PROVING = frozenset({"disposal", "disposal_check"})

_OF_CASE = bindparam("case_id", type_=Uuid)
_PHOTOS = (
    select(
        Evidence.stage,
        Evidence.role,
        Evidence.sha256,
        Evidence.install_id,
        Evidence.item_id,
        Evidence.task_id,
        Evidence.present_at,
    )
    .where(Evidence.owner_kind == "case", Evidence.owner_id == _OF_CASE)
    .order_by(Evidence.item_id, Evidence.position)
)
_TASKS = (
    select(FieldTask.id, FieldTask.kind, FieldTask.assignment_no)
    .where(FieldTask.case_id == _OF_CASE)
    .order_by(FieldTask.assigned_at, FieldTask.id)
)
_ANSWERS = select(TaskEvent.install_id, TaskEvent.item_id).where(
    TaskEvent.task_id == bindparam("task_id"),
    TaskEvent.assignment_no == bindparam("assignment_no"),
    TaskEvent.effective.is_(True),
)


def checklist(session: Session, case: Case) -> tuple[ShotStanding, ...]:
    """Return how each required shot of a case stands; the caller has checked the scope."""
    tasks = {STAGE_OF_TASK[task.kind]: task for task in _tasks(session, case.id) if task.kind in _PROVING}
    disposal = tasks.get(Stage.DISPOSAL)
    answers: set[Item] = set() if disposal is None else _answers(session, disposal)
    rows = session.execute(_PHOTOS, {"case_id": case.id})
    counting = [
        Declared(row.stage, row.role, row.sha256, row.install_id, row.present_at is not None)
        for row in rows
        if _counts(tasks.get(Stage(row.stage)), row.task_id, (row.install_id, row.item_id), answers)
    ]
    return standing(required_shots(session, case.scheme, case.standard_version, case.category_code), counting)


def _tasks(session: Session, case_id: UUID) -> list[_Task]:
    """Return (id, kind, assignment_no) of the case's tasks, the newest of a kind last."""
    return list(session.execute(_TASKS, {"case_id": case_id}))


def _answers(session: Session, disposal: _Task) -> set[Item]:
    """Return the items that answered the current round of the disposal in effect."""
    round_asked = {"task_id": disposal.id, "assignment_no": disposal.assignment_no}
    return {(row.install_id, row.item_id) for row in session.execute(_ANSWERS, round_asked)}


def _counts(task: _Task | None, task_id: UUID | None, item: Item, answers: set[Item]) -> bool:
    """Tell whether a photograph counts; ``task`` is the newest of its stage, none for the report or on the spot."""
    if task is None:
        return True
    return task.id == task_id and (STAGE_OF_TASK[task.kind] != Stage.DISPOSAL or item in answers)
