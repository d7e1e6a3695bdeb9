"""Row `kill` in small: five kills under load on each database. The runner does the long runs."""

import pytest
from verification.rows.kill import run_in

from server.config import Settings

CYCLES = 5


@pytest.mark.timeout(300)
def test_a_server_that_is_killed_five_times_under_load_loses_nothing_and_doubles_nothing(settings: Settings) -> None:
    result = run_in(settings, CYCLES)
    assert (result.count, result.failures) == (CYCLES, ())
