"""What a desk does with a case: who may, what is given with it, and the step itself (moving.py)."""

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from server.base import uuid7
from server.casework.cause import Cause
from server.casework.checklist import checklist
from server.casework.models import Case, FieldTask
from server.casework.numbers import Numbering
from server.casework.operations.addressees import check_officer, check_squad
from server.casework.operations.assigning import Order
from server.casework.operations.effects import EFFECTS, Step
from server.casework.operations.moving import move
from server.casework.operations.roots import lock_case_with_path, tasks_of
from server.casework.records import CaseRecord, case_records
from server.casework.rules import DESK_ACTIONS, Action, Facts, Need, permission_of, step, transition
from server.clock import now
from server.identity.rules import ROLES_FOR, Actor, Permission, within
from server.ledger.operations import meet
from server.problems import Problem, _

NUMBERING = Numbering()
_TASK_IDS = select(FieldTask.id).where(FieldTask.case_id == bindparam("case_id"))
# These give a task: an officer for whom it did not exist before may have written about it already.
_GIVING = frozenset({Action.VERIFY, Action.DISPATCH, Action.REDO, Action.SEND_CHECK})


@dataclass(frozen=True)
class Given:
    """What comes with an action.

    ``version`` is the one the actor saw; None skips the comparison. ``squad_id``: to whom it is dispatched or sent
    back; ``officer_id``: who is to verify or check, None the reporter; ``condition_no``: the condition of the class
    that is met, for filing; ``instructions``: for who gets the task.
    """

    version: str | None = None
    reason: str | None = None
    squad_id: UUID | None = None
    officer_id: UUID | None = None
    condition_no: int | None = None
    instructions: str | None = None


NOTHING = Given()


def act(
    session: Session,
    actor: Actor,
    case_id: UUID,
    action: str,
    given: Given = NOTHING,
    *,
    numbering: Numbering = NUMBERING,
) -> Case:
    """Do one desk action and return the case, which belongs to the session.

    Raises validation (unknown action; a missing reason, squad or officer), forbidden, not-found (also out of scope),
    stale-version, illegal-transition, evidence-missing (names hashes and handsets), check-missing. What concerns the
    step names state, action, and what is lacking.
    """
    chosen = _desk_action(action)
    new_task_id = uuid7()
    if chosen in _GIVING and actor.may(permission_of(chosen)):
        known = session.scalars(_TASK_IDS, {"case_id": case_id})
        meet(session, (f"task:{task_id}" for task_id in (*known, new_task_id)))
    case = _locked(session, actor, case_id, chosen)
    if given.version is not None and given.version != case.version:
        raise Problem("stale-version", current={"state": case.state, "version": case.version})
    under_way = Step(
        session=session,
        case=case,
        tasks=tasks_of(session, [case.id]),
        order=Order(actor.officer_id, now(), given.reason, given.instructions),
        new_task_id=new_task_id,
        squad_id=given.squad_id,
        officer_id=given.officer_id or (case.reporter_id if case.install_id is not None else None),
        condition_no=given.condition_no,
        numbering=numbering,
    )
    facts = _facts(under_way, actor, chosen, given.reason)
    step(case.state, chosen, facts)
    scope = actor.scope(permission_of(chosen))
    if given.squad_id is not None:
        check_squad(session, given.squad_id, scope)
    if given.officer_id is not None:
        check_officer(session, given.officer_id, scope)
    if chosen in EFFECTS:
        EFFECTS[chosen](under_way)
    move(session, case, chosen, Cause(actor.officer_id, facts.reason), given=facts, tasks=under_way.tasks)
    return case


def act_and_show(
    session: Session,
    actor: Actor,
    case_id: UUID,
    action: str,
    given: Given = NOTHING,
    *,
    numbering: Numbering = NUMBERING,
) -> CaseRecord:
    """Do one desk action as :func:`act` does and return the case as it stands then."""
    return case_records(session, [act(session, actor, case_id, action, given, numbering=numbering)])[0]


def _desk_action(action: str) -> Action:
    if action not in DESK_ACTIONS:
        raise Problem("validation", errors={"action": [f"Must be one of: {', '.join(DESK_ACTIONS)}."]})
    return Action(action)


def _locked(session: Session, actor: Actor, case_id: UUID, action: Action) -> Case:
    """Lock the case if the actor may do this to it; who may only read it is told what would be needed.

    A unit's account reaches the cases of its squad, whatever agency they lie in.
    """
    found = lock_case_with_path(session, case_id)
    if found is None:
        raise Problem("not-found")
    case, path = found
    permission = permission_of(action)
    holds = actor.unit_squad is not None and actor.unit_squad == case.squad_id
    if within(path, actor.scope(permission)) or (holds and permission is Permission.DISPOSE_CASE):
        return case
    if holds or within(path, actor.scope(Permission.READ_CASES)):
        told = _("Your roles do not allow this step; the roles that do are listed.")
        raise Problem("forbidden", told, state=case.state, action=action, roles=sorted(ROLES_FOR[permission]))
    actor.require(permission)
    raise Problem("not-found")


def _facts(under_way: Step, actor: Actor, action: Action, reason: str | None) -> Facts:
    """Gather what the transition's needs are judged by; the evidence is only read where it is needed."""
    case, needs = under_way.case, transition(under_way.case.state, action).needs
    known = Facts(
        reason=(reason or "").strip() or None,
        own_squad=actor.unit_squad is not None and actor.unit_squad == case.squad_id,
        has_squad=under_way.squad_id is not None,
        has_officer=under_way.officer_id is not None,
        verification=case.verification_result,
        check_result=case.check_result,
    )
    return replace(known, shots=checklist(under_way.session, case)) if Need.SHOTS in needs else known
