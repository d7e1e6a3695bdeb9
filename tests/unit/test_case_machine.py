"""The state machine of a case: every state crossed with every action."""

from dataclasses import replace
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from server.casework.rules import (
    DECIDED_ACTIONS,
    DESK_ACTIONS,
    ENDED,
    FIELD_ACTIONS,
    TABLE,
    Action,
    Facts,
    Need,
    State,
    Tick,
    Verb,
    allowed,
    is_unfiled,
    permission_of,
    step,
)
from server.evidence.required import ShotStanding
from server.identity.rules import Permission
from server.problems import Problem


def after(present: int = 0, *on_the_way: tuple[str, UUID], stage: str = "disposal") -> tuple[ShotStanding, ...]:
    """Return a checklist of one after-photograph."""
    return (ShotStanding(stage, "after", 1, present, on_the_way),)


EVERYTHING = Facts(
    reason="as agreed",
    own_squad=True,
    has_squad=True,
    has_officer=True,
    verification="confirmed",
    shots=after(1),
    check_result="passed",
)
AT_UNIT = (State.DISPATCHED, State.IN_DISPOSAL, State.REWORK)
FORCIBLE = (*AT_UNIT, State.FILED, State.RETURNED, State.SUSPENDED, State.DISPOSED, State.CHECKING)

# Written down a second time on purpose: whoever changes the table must say so here too. None: to where it was.
LEGAL: dict[tuple[State, Action], State | None] = {
    (State.REPORTED, Action.VERIFY): State.VERIFYING,
    (State.REPORTED, Action.FILE): State.FILED,
    (State.REPORTED, Action.REJECT): State.REJECTED,
    (State.VERIFYING, Action.ANSWER_VERIFICATION): State.VERIFYING,
    (State.VERIFYING, Action.FILE): State.FILED,
    (State.VERIFYING, Action.REJECT): State.REJECTED,
    (State.FILED, Action.DISPATCH): State.DISPATCHED,
    (State.RETURNED, Action.DISPATCH): State.DISPATCHED,
    (State.DISPATCHED, Action.ACCEPT): State.IN_DISPOSAL,
    (State.REWORK, Action.ACCEPT): State.IN_DISPOSAL,
    **{(state, Action.RETURN): State.RETURNED for state in AT_UNIT},
    **{(state, Action.DISPOSE): State.DISPOSED for state in AT_UNIT},
    **{(state, Action.SUSPEND): State.SUSPENDED for state in AT_UNIT},
    **{(state, Action.ACCEPT_TASK): State.IN_DISPOSAL for state in (*AT_UNIT, State.RETURNED)},
    **{(state, Action.START_TASK): State.IN_DISPOSAL for state in (*AT_UNIT, State.RETURNED)},
    **{(state, Action.FINISH_TASK): State.DISPOSED for state in (*AT_UNIT, State.RETURNED, State.SUSPENDED)},
    **{(state, Action.DECLINE_TASK): State.RETURNED for state in (*AT_UNIT, State.RETURNED, State.SUSPENDED)},
    (State.SUSPENDED, Action.RESUME): None,
    (State.SUSPENDED, Action.ACCEPT_TASK): State.SUSPENDED,
    (State.SUSPENDED, Action.START_TASK): State.SUSPENDED,
    (State.DISPOSED, Action.SEND_CHECK): State.CHECKING,
    (State.CHECKING, Action.ANSWER_CHECK): State.CHECKING,
    (State.CHECKING, Action.CLOSE): State.CLOSED,
    (State.CHECKING, Action.REDO): State.REWORK,
    **{(state, Action.FORCE_CLOSE): State.FORCED_CLOSED for state in FORCIBLE},
    **{(state, Action.MERGE): State.MERGED for state in (State.REPORTED, State.VERIFYING, State.FILED, State.RETURNED)},
    (State.MERGED, Action.UNDO_MERGE): None,
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
    assert {row.target for row in TABLE} | {State.REPORTED, State.SELF_HANDLED} == {*State, None}
    assert {row.source for row in TABLE} | ENDED == set(State)
    assert {row.source for row in TABLE} & ENDED == {State.MERGED}


def test_every_action_is_done_at_a_desk_or_decided_or_proposed_by_the_field() -> None:
    assert [*DESK_ACTIONS, *DECIDED_ACTIONS, *FIELD_ACTIONS] == list(Action)
    assert set(FIELD_ACTIONS) == {row.action for row in TABLE if row.who is None}
    assert permission_of(Action.FILE) is Permission.FILE_CASE
    assert permission_of(Action.RETURN) is Permission.DISPOSE_CASE
    for action in FIELD_ACTIONS:
        with pytest.raises(ValueError, match="not done at a desk"):
            permission_of(action)


def test_a_refused_step_says_what_would_be_allowed() -> None:
    assert refusal(State.CHECKING, Action.FILE, EVERYTHING).members["allowed"] == [Action.CLOSE, Action.REDO]
    assert refusal(State.CLOSED, Action.REDO, EVERYTHING).members["allowed"] == []


@pytest.mark.parametrize(
    ("state", "action", "given", "slug", "lacks"),
    [
        (State.DISPATCHED, Action.ACCEPT, {"own_squad": False}, "forbidden", Need.OWN_SQUAD),
        (State.REPORTED, Action.REJECT, {"reason": " "}, "validation", Need.REASON),
        (State.IN_DISPOSAL, Action.RETURN, {"reason": None}, "validation", Need.REASON),
        (State.DISPATCHED, Action.SUSPEND, {"reason": ""}, "validation", Need.REASON),
        (State.CHECKING, Action.FORCE_CLOSE, {"reason": None}, "validation", Need.REASON),
        (State.RETURNED, Action.DISPATCH, {"has_squad": False}, "validation", Need.SQUAD),
        (State.REPORTED, Action.VERIFY, {"has_officer": False}, "validation", Need.OFFICER),
        (State.VERIFYING, Action.FILE, {"verification": "not_found", "reason": None}, "validation", Need.ANSWER),
        (State.VERIFYING, Action.FILE, {"verification": None, "reason": None}, "validation", Need.ANSWER),
        (State.CHECKING, Action.CLOSE, {"shots": after()}, "evidence-missing", Need.SHOTS),
        (State.CHECKING, Action.CLOSE, {"check_result": "failed", "reason": None}, "check-missing", Need.CHECK),
    ],
)
def test_a_step_that_lacks_something_names_state_and_action_and_what_it_lacks(
    state: State, action: Action, given: dict[str, Any], slug: str, lacks: Need
) -> None:
    problem = refusal(state, action, replace(EVERYTHING, **given))
    assert problem.slug == slug
    assert (problem.members["state"], problem.members["action"], problem.members["lacks"]) == (state, action, lacks)


@pytest.mark.parametrize("verification", [None, "not_found"])
def test_a_report_that_nobody_confirmed_is_filed_with_a_reason_only(verification: str | None) -> None:
    facts = Facts(verification=verification, reason="three callers said so")
    assert step(State.VERIFYING, Action.FILE, facts).target == State.FILED


def test_a_merged_report_is_corrected_like_the_one_it_was() -> None:
    assert is_unfiled(State.MERGED, State.REPORTED)
    assert not is_unfiled(State.MERGED, State.FILED)
    assert not is_unfiled(State.REJECTED, None)


def test_every_clock_that_a_step_resumes_was_paused_for_that_by_another() -> None:
    paused = {(tick.stage, tick.why) for row in TABLE for tick in row.clocks if tick.verb is Verb.PAUSE}
    resumed = {(tick.stage, tick.why) for row in TABLE for tick in row.clocks if tick.verb is Verb.RESUME}
    assert resumed == paused


def test_no_clock_runs_on_after_a_case_has_ended() -> None:
    for row in TABLE:
        if row.target in ENDED - {State.MERGED}:
            assert row.clocks == (Tick(Verb.STOP, None),)


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
