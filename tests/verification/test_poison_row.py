"""Row `poison`: every kind of bad item among 199 good ones."""

import pytest
from verification.rows.poison import run_in

from server.config import Settings


@pytest.mark.timeout(300)
def test_no_bad_item_costs_any_of_199_good_ones_their_effect(settings: Settings) -> None:
    assert run_in(settings, 1).failures == ()
