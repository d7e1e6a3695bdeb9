"""Row `network` in small: every 64th byte of a push, a pull and a PATCH, of request and answer.

On PostgreSQL every 1024th: the lines are the same, what differs is the database behind them.
"""

import pytest
from verification.rows.network import run_in

from server.config import Settings


@pytest.mark.timeout(300)
def test_no_cut_and_no_flipped_bit_makes_a_handset_believe_what_is_not_true(settings: Settings) -> None:
    every = 64 if settings.database_url.startswith("sqlite") else 1024
    assert run_in(settings, 0, every=every).failures == ()
