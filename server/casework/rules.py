"""The state machine of a case as one table, and the fold of a field task's events. Pure.

A desk acts; a handset only proposes: field actions follow from the fold of the task's events, so the order in
which they arrive never changes the end state. Source of the loop: domain.md section 2.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from server.evidence.required import ShotStanding
from server.evidence.rules import Stage
from server.identity.rules import Permission
from server.problems import Problem, _


class State(StrEnum):
    """States of a case, in the order of the loop; the last one stands beside it."""

    REPORTED = "reported"
    FILED = "filed"
    DISPATCHED = "dispatched"
    IN_DISPOSAL = "in_disposal"
    DISPOSED = "disposed"
    CHECKING = "checking"
    CLOSED = "closed"
    # Found and fixed on the spot: the case never enters the loop (domain.md section 2.2).
    SELF_HANDLED = "self_handled"


# The states from which no step leads on.
ENDED = frozenset({State.CLOSED, State.SELF_HANDLED})
# Until somebody at a desk has filed a case, its reporter may correct it.
UNFILED = frozenset({State.REPORTED, State.SELF_HANDLED})


class Action(StrEnum):
    """What moves a case."""

    FILE = "file"
    DISPATCH = "dispatch"
    SEND_CHECK = "send_check"
    CLOSE = "close"
    REDO = "redo"
    ACCEPT_TASK = "accept_task"
    START_TASK = "start_task"
    FINISH_TASK = "finish_task"
    DECLINE_TASK = "decline_task"
    ANSWER_CHECK = "answer_check"


class Need(StrEnum):
    """What a transition demands besides the right state and person."""

    REASON = "reason"
    SQUAD = "squad"
    SHOTS = "shots"
    CHECK = "check"


@dataclass(frozen=True)
class Transition:
    """One row of the table; ``who`` is None when a handset proposes and the task's assignment authorises."""

    source: State
    action: Action
    target: State
    who: Permission | None
    needs: frozenset[Need] = frozenset()


TABLE: tuple[Transition, ...] = (
    Transition(State.REPORTED, Action.FILE, State.FILED, Permission.FILE_CASE),
    Transition(State.FILED, Action.DISPATCH, State.DISPATCHED, Permission.DISPATCH_CASE, frozenset({Need.SQUAD})),
    Transition(State.DISPATCHED, Action.ACCEPT_TASK, State.IN_DISPOSAL, None),
    Transition(State.DISPATCHED, Action.START_TASK, State.IN_DISPOSAL, None),
    Transition(State.DISPATCHED, Action.FINISH_TASK, State.DISPOSED, None),
    Transition(State.DISPATCHED, Action.DECLINE_TASK, State.FILED, None),
    Transition(State.IN_DISPOSAL, Action.START_TASK, State.IN_DISPOSAL, None),
    Transition(State.IN_DISPOSAL, Action.FINISH_TASK, State.DISPOSED, None),
    Transition(State.IN_DISPOSAL, Action.DECLINE_TASK, State.FILED, None),
    # One member declined and another finished, in this order of arrival: the work is done all the same.
    Transition(State.FILED, Action.FINISH_TASK, State.DISPOSED, None),
    Transition(State.DISPOSED, Action.SEND_CHECK, State.CHECKING, Permission.CLOSE_CASE),
    Transition(State.CHECKING, Action.ANSWER_CHECK, State.CHECKING, None),
    Transition(
        State.CHECKING,
        Action.CLOSE,
        State.CLOSED,
        Permission.CLOSE_CASE,
        frozenset({Need.SHOTS, Need.CHECK}),
    ),
    Transition(State.CHECKING, Action.REDO, State.DISPATCHED, Permission.CLOSE_CASE, frozenset({Need.REASON})),
)
_BY_STATE_AND_ACTION = {(row.source, row.action): row for row in TABLE}
DESK_ACTIONS = tuple(action for action in Action if any(row.action == action and row.who for row in TABLE))
FIELD_ACTIONS = tuple(action for action in Action if action not in DESK_ACTIONS)


@dataclass(frozen=True)
class Facts:
    """What is known when a step is tried; ``shots``: how the required photographs stand."""

    reason: str | None = None
    has_squad: bool = False
    shots: Sequence[ShotStanding] = ()
    check_result: str | None = None


def permission_of(action: Action) -> Permission:
    """Return what a desk action asks for; raises ValueError for a field action."""
    found = next((row.who for row in TABLE if row.action == action and row.who), None)
    if found is None:
        msg = f"{action} is not done at a desk"
        raise ValueError(msg)
    return found


def allowed(state: str) -> tuple[Action, ...]:
    """Return the desk actions that a state allows, in the order of the table."""
    return tuple(row.action for row in TABLE if row.source == state and row.who)


def transition(state: str, action: str) -> Transition:
    """Return the table's row, or raise the problem ``illegal-transition`` that says what would be allowed."""
    row = _BY_STATE_AND_ACTION.get((State(state), Action(action)))
    if row is None:
        raise Problem("illegal-transition", state=state, action=action, allowed=list(allowed(state)))
    return row


def step(state: str, action: str, facts: Facts) -> Transition:
    """Return the transition that ``action`` makes, or raise the problem of the first thing it lacks."""
    row = transition(state, action)
    for need in Need:
        if need in row.needs:
            _demand(need, facts)
    return row


def _demand(need: Need, facts: Facts) -> None:
    reason = (facts.reason or "").strip()
    if need == Need.REASON and not reason:
        raise Problem("validation", errors={"reason": [_("This step needs a written reason.")]})
    if need == Need.SQUAD and not facts.has_squad:
        raise Problem("validation", errors={"squad_id": [_("Name the squad that the case goes to.")]})
    if need == Need.SHOTS:
        _demand_shots(facts.shots, reason)
    if need == Need.CHECK and facts.check_result != "passed" and not reason:
        raise Problem("check-missing", check_result=facts.check_result)


def _demand_shots(shots: Sequence[ShotStanding], reason: str) -> None:
    """Demand every required photograph.

    Report and check are over: what nobody photographed then can never be brought, so a written reason stands in for
    it. The disposal is not: its proof is demanded whatever is written, and the squad can be sent back for it.
    """
    blocking = [shot for shot in shots if not shot.complete and (shot.stage == Stage.DISPOSAL or not reason)]
    if blocking:
        missing = [one for shot in blocking for one in shot.missing]
        raise Problem("evidence-missing", shots=[shot.as_json() for shot in blocking], missing=missing)


_RANK = {"assigned": 0, "accepted": 1, "started": 2, "declined": 3, "done": 4}
TASK_EVENTS = ("accepted", "started", "declined", "done")
ACTION_OF_EVENT = {
    "accepted": Action.ACCEPT_TASK,
    "started": Action.START_TASK,
    "declined": Action.DECLINE_TASK,
    "done": Action.FINISH_TASK,
}


def fold_task(status: str, event: str) -> str:
    """Return a task's status after ``event``: the highest of both, so the order of arrival does not matter.

    Declined stands beside the ladder: it outranks an acceptance (somebody must decide anew) but not the finished
    work of another member. ``cancelled`` is the server's word and final.
    """
    if event not in TASK_EVENTS:
        raise Problem("validation", errors={"event": [f"Must be one of: {', '.join(TASK_EVENTS)}."]})
    if status == "cancelled":
        return status
    return max(status, event, key=_RANK.__getitem__)


def fold_result(known: str | None, told: str | None) -> str | None:
    """Return the result of a check that several answers reported: one ``failed`` outweighs any ``passed``."""
    if "failed" in (known, told):
        return "failed"
    return told or known
