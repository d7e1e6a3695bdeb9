"""Row `order` in small: all permutations of five steps, a tenth of them on PostgreSQL."""

from math import factorial

import pytest
from verification.rows.order import run_in

from server.config import Settings

STEPS = 5


@pytest.mark.timeout(300)
def test_permutations_of_five_steps_have_one_end(settings: Settings) -> None:
    share = 1 if settings.database_url.startswith("sqlite") else 10
    assert run_in(settings, factorial(STEPS) // share, steps=STEPS).failures == ()
