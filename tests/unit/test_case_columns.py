"""The tables' own checks know the same states as the rules."""

from server.casework.models import case as columns
from server.casework.rules import ENDED, State


def quoted(states: str) -> set[str]:
    return {state.strip(" '") for state in states.split(",")}


def test_the_columns_checks_know_every_state() -> None:
    assert [state.strip("'") for state in columns.STATES] == list(State)


def test_the_columns_checks_know_which_states_are_ends() -> None:
    assert quoted(columns.ENDED) == ENDED
