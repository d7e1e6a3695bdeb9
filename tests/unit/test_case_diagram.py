"""docs/casework.md shows the state machine that the product runs."""

import pytest

from server.casework.diagram import DOCUMENT, diagram, rewritten
from server.casework.rules import TABLE, State


def test_the_document_shows_the_table() -> None:
    document = DOCUMENT.read_text("utf-8")
    assert rewritten(document) == document, "run python -m server.casework.diagram"


def test_every_state_is_drawn_and_every_step_between_two_states() -> None:
    drawn = diagram()
    for state in State:
        assert f" {state}" in drawn
    for row in TABLE:
        if row.target not in {None, row.source}:
            (arrow,) = [line for line in drawn.splitlines() if f" {row.source} --> {row.target}:" in line]
            assert row.action in arrow.partition(": ")[2].split(", ")


def test_a_document_without_a_place_for_the_diagram_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="no place for the diagram"):
        rewritten("# Casework\n")
