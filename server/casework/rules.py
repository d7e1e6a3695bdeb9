"""Whether a step may be taken: the table of machine.py, and what its rows demand. Pure.

A refusal names the state, the action, and what is missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from server.casework.folding import ACTION_OF_EVENT, RESULTS_OF_TASK, TASK_EVENTS, demand_result, fold_result, fold_task
from server.casework.machine import (
    DECIDED_ACTIONS,
    DESK_ACTIONS,
    FIELD_ACTIONS,
    TABLE,
    Action,
    Need,
    Tick,
    Transition,
    Verb,
)
from server.casework.states import ENDED, UNFILED, State, is_unfiled
from server.evidence.required import ShotStanding
from server.evidence.rules import Stage
from server.identity.rules import Permission
from server.problems import Problem, _

__all__ = [
    "ACTION_OF_EVENT",
    "DECIDED_ACTIONS",
    "DESK_ACTIONS",
    "ENDED",
    "FIELD_ACTIONS",
    "RESULTS_OF_TASK",
    "TABLE",
    "TASK_EVENTS",
    "UNFILED",
    "Action",
    "Facts",
    "Need",
    "State",
    "Tick",
    "Transition",
    "Verb",
    "allowed",
    "demand_result",
    "fold_result",
    "fold_task",
    "is_unfiled",
    "permission_of",
    "step",
    "transition",
]

_BY_STATE_AND_ACTION = {(row.source, row.action): row for row in TABLE}


@dataclass(frozen=True)
class Facts:
    """What is known when a step is tried.

    ``own_squad``: the actor is an account of the unit that has the case; ``has_officer``: somebody in the field can be
    asked; ``shots``: how the required photographs stand; ``verification``: what the collector found before filing.
    """

    reason: str | None = None
    own_squad: bool = False
    has_squad: bool = False
    has_officer: bool = False
    verification: str | None = None
    shots: Sequence[ShotStanding] = ()
    check_result: str | None = None


def permission_of(action: Action) -> Permission:
    """Return what a desk's action asks for; raises ValueError for a field action."""
    found = next((row.who for row in TABLE if row.action == action and row.who), None)
    if found is None:
        msg = f"{action} is not done at a desk"
        raise ValueError(msg)
    return found


def allowed(state: str) -> tuple[Action, ...]:
    """Return the desk actions that a state allows, in the order of the table."""
    return tuple(row.action for row in TABLE if row.source == state and row.action in DESK_ACTIONS)


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
            _demand(need, facts, {"state": state, "action": action})
    return row


def _demand(need: Need, facts: Facts, at: dict[str, Any]) -> None:
    """Raise the problem of a need that is not met; ``at`` names state and action in it."""
    reason = (facts.reason or "").strip()
    if need == Need.OWN_SQUAD and not facts.own_squad:
        raise Problem("forbidden", _("Only an account of the unit that has the case can do this."), lacks=need, **at)
    if need == Need.REASON and not reason:
        raise _lacking("reason", _("This step needs a written reason."), need, at)
    if need == Need.SQUAD and not facts.has_squad:
        raise _lacking("squad_id", _("Name the squad that the case goes to."), need, at)
    if need == Need.OFFICER and not facts.has_officer:
        raise _lacking("officer_id", _("Name the officer in the field who is to look."), need, at)
    if need == Need.ANSWER and facts.verification != "confirmed" and not reason:
        told = _("The collector has not confirmed it: filing it all the same needs a written reason.")
        raise _lacking("reason", told, need, at)
    if need == Need.SHOTS:
        _demand_shots(facts.shots, reason, at)
    if need == Need.CHECK and facts.check_result != "passed" and not reason:
        raise Problem("check-missing", check_result=facts.check_result, lacks=need, **at)


def _lacking(field: str, told: str, need: Need, at: dict[str, Any]) -> Problem:
    return Problem("validation", errors={field: [told]}, lacks=need, **at)


def _demand_shots(shots: Sequence[ShotStanding], reason: str, at: dict[str, Any]) -> None:
    """Demand every required photograph.

    Report and check are over: what nobody photographed then can never be brought, so a written reason stands in for
    it. The disposal is not: its proof is demanded whatever is written, and the squad can be sent back for it.
    """
    blocking = [shot for shot in shots if not shot.complete and (shot.stage == Stage.DISPOSAL or not reason)]
    if blocking:
        missing = [one for shot in blocking for one in shot.missing]
        told = [shot.as_json() for shot in blocking]
        raise Problem("evidence-missing", shots=told, missing=missing, lacks=Need.SHOTS, **at)
