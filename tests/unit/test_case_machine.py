"""The state machine of a case: every state crossed with every action."""

from itertools import product
from uuid import UUID

import pytest

from server.casework.rules import (
    DESK_ACTIONS,
    ENDED,
    FIELD_ACTIONS,
    TABLE,
    Action,
    Facts,
    Need,
    State,
    allowed,
    permission_of,
    step,
)
from server.evidence.required import ShotStanding
from server.identity.rules import Permission
from server.problems import Problem


def after(present: int = 0, *on_the_way: tuple[str, UUID], stage: str = "disposal") -> tuple[ShotStanding, ...]:
    """Return a checklist of one after-photograph."""
    return (ShotStanding(stage, "after", 1, present, on_the_way),)


EVERYTHING = Facts(reason="as agreed", has_squad=True, shots=after(1), check_result="passed")

# Written down a second time on purpose: whoever changes the table must say so here too.
LEGAL = {
    (State.REPORTED, Action.FILE): State.FILED,
    (State.FILED, Action.DISPATCH): State.DISPATCHED,
    (State.FILED, Action.FINISH_TASK): State.DISPOSED,
    (State.DISPATCHED, Action.ACCEPT_TASK): State.IN_DISPOSAL,
    (State.DISPATCHED, Action.START_TASK): State.IN_DISPOSAL,
    (State.DISPATCHED, Action.FINISH_TASK): State.DISPOSED,
    (State.DISPATCHED, Action.DECLINE_TASK): State.FILED,
    (State.IN_DISPOSAL, Action.START_TASK): State.IN_DISPOSAL,
    (State.IN_DISPOSAL, Action.FINISH_TASK): State.DISPOSED,
    (State.IN_DISPOSAL, Action.DECLINE_TASK): State.FILED,
    (State.DISPOSED, Action.SEND_CHECK): State.CHECKING,
    (State.CHECKING, Action.ANSWER_CHECK): State.CHECKING,
    (State.CHECKING, Action.CLOSE): State.CLOSED,
    (State.CHECKING, Action.REDO): State.DISPATCHED,
}


def refusal(state: str, action: str, facts: Facts) -> Problem:
    with pytest.raises(Problem) as refused:
        step(state, action, facts)
    return refused.value


@pytest.mark.parametrize(("state", "action"), list(product(State, Action)))
def test_every_step_is_either_in_the_table_or_refused_by_name(state: State, action: Action) -> None:
    if (state, action) in LEGAL:
        assert step(state, action, EVERYTHING).target == LEGAL[state, action]
        return
    problem = refusal(state, action, EVERYTHING)
    assert problem.slug == "illegal-transition"
    assert problem.members == {"state": state, "action": action, "allowed": list(allowed(state))}


def test_no_step_stands_twice_in_the_table() -> None:
    assert len({(row.source, row.action) for row in TABLE}) == len(TABLE)


def test_every_state_can_be_reached_and_left() -> None:
    # Found and fixed on the spot is a case's first state and its last: no step leads there or away.
    assert {row.target for row in TABLE} | {State.REPORTED, State.SELF_HANDLED} == set(State)
    assert {row.source for row in TABLE} | ENDED == set(State)
    assert {row.source for row in TABLE} & ENDED == set()


def test_desk_actions_name_a_permission_and_field_actions_none() -> None:
    assert set(DESK_ACTIONS) == {Action.FILE, Action.DISPATCH, Action.SEND_CHECK, Action.CLOSE, Action.REDO}
    assert set(DESK_ACTIONS).isdisjoint(FIELD_ACTIONS)
    assert permission_of(Action.FILE) is Permission.FILE_CASE
    for action in FIELD_ACTIONS:
        with pytest.raises(ValueError, match="not done at a desk"):
            permission_of(action)


def test_a_refused_step_says_what_would_be_allowed() -> None:
    assert refusal(State.CHECKING, Action.FILE, EVERYTHING).members["allowed"] == [Action.CLOSE, Action.REDO]
    assert refusal(State.CLOSED, Action.REDO, EVERYTHING).members["allowed"] == []


def test_dispatching_needs_a_squad() -> None:
    problem = refusal(State.FILED, Action.DISPATCH, Facts())
    assert problem.slug == "validation"
    assert list(problem.members["errors"]) == ["squad_id"]


@pytest.mark.parametrize("reason", [None, "", "  \n"])
def test_sending_a_squad_back_needs_a_written_reason(reason: str | None) -> None:
    problem = refusal(State.CHECKING, Action.REDO, Facts(reason=reason))
    assert list(problem.members["errors"]) == ["reason"]


def test_closing_without_any_after_photograph_is_refused() -> None:
    problem = refusal(State.CHECKING, Action.CLOSE, Facts(shots=after(), check_result="passed", reason="trust me"))
    assert (problem.slug, problem.members["missing"]) == ("evidence-missing", [])
    (shot,) = problem.members["shots"]
    assert (shot["stage"], shot["role"], shot["count"], shot["lacking"]) == ("disposal", "after", 1, 1)


def test_closing_while_an_after_photograph_is_on_its_way_names_it_and_its_handset() -> None:
    facts = Facts(shots=after(3, ("ab" * 32, UUID(int=7))), check_result="passed")
    problem = refusal(State.CHECKING, Action.CLOSE, facts)
    waiting = [{"sha256": "ab" * 32, "install_id": str(UUID(int=7))}]
    assert (problem.slug, problem.members["missing"]) == ("evidence-missing", waiting)
    assert problem.members["shots"][0]["lacking"] == 0


@pytest.mark.parametrize("stage", ["report", "check"])
def test_a_written_reason_stands_in_for_a_photograph_of_a_moment_that_is_over(stage: str) -> None:
    unproven = Facts(shots=after(stage=stage), check_result="passed")
    assert refusal(State.CHECKING, Action.CLOSE, unproven).slug == "evidence-missing"
    explained = Facts(shots=after(stage=stage), check_result="passed", reason="reported by telephone")
    assert step(State.CHECKING, Action.CLOSE, explained).target == State.CLOSED


@pytest.mark.parametrize("result", [None, "failed"])
def test_closing_without_a_passed_check_needs_a_reason(result: str | None) -> None:
    assert refusal(State.CHECKING, Action.CLOSE, Facts(shots=after(1), check_result=result)).slug == "check-missing"
    facts = Facts(shots=after(1), check_result=result, reason="seen by the supervisor")
    assert step(State.CHECKING, Action.CLOSE, facts).target == State.CLOSED


def test_every_need_is_demanded_somewhere() -> None:
    assert {need for row in TABLE for need in row.needs} == set(Need)
