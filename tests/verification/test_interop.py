"""Row `interop` in small: five photographs by each stock client over a bad network."""

import pytest
from verification.place import opened
from verification.rows.interop import run_in

PHOTOS = 5


@pytest.mark.timeout(300)
def test_stock_clients_deliver_every_photograph_whole_over_a_bad_network() -> None:
    with opened("sqlite") as settings:
        assert run_in(settings, PHOTOS).failures == ()
