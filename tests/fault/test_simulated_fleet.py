"""The fleet simulator on the real application: fifty seeds are sound, and one seed is one story."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from verification.told import stories

from server.simulation.cli import simulate_fleet

FIRST, SEEDS, AT_ONCE = 1, 50, 5


@pytest.mark.parametrize("start", range(FIRST, FIRST + SEEDS, AT_ONCE))
def test_no_story_breaks_a_promise(start: int) -> None:
    outcomes = [stories().tell(seed) for seed in range(start, start + AT_ONCE)]
    found = [f"seed {outcome.seed}: {finding}" for outcome in outcomes for finding in outcome.findings]
    assert found == []


def test_the_same_seed_tells_the_same_story_also_in_another_process() -> None:
    here = [stories().tell(3).trace for _ in range(2)]
    assert here[0] == here[1]
    assert told_elsewhere(3) == list(here[0])


@pytest.mark.parametrize("options", [["--seeds", "9-3"], ["--seeds", "x"], ["--without", "earthquake"]])
def test_the_command_says_what_it_takes(options: list[str]) -> None:
    result = CliRunner().invoke(simulate_fleet, options)
    assert (result.exit_code, "Error" in result.output) == (2, True)


def told_elsewhere(seed: int) -> list[str]:
    """Tell a seed in another process, whose sets have another order."""
    program = (
        "from server.simulation.stories import opened_stories\n"
        f"with opened_stories() as stories: print('\\n'.join(stories.tell({seed}).trace))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()
