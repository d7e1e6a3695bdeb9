"""Row `order` in small: all permutations of five steps."""

from math import factorial

import pytest
from verification.rows.order import run_in

from server.config import Settings

STEPS = 5


@pytest.mark.timeout(300)
def test_all_permutations_of_five_steps_have_one_end(settings: Settings) -> None:
    assert run_in(settings, factorial(STEPS), steps=STEPS).failures == ()
