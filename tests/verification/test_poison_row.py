"""Row `poison`: every kind of bad item among 199 good ones.

Every kind on PostgreSQL too stands in tests/fault/test_poison.py, among fewer good ones; so many only in `make verify`.
"""

import pytest
from verification.rows.poison import run_in

from server.config import Settings


@pytest.fixture
def database(sqlite_database: str) -> str:
    """Return a fresh database. On one kind: what is tried is the gateway's judgement, 8,000 items long."""
    return sqlite_database


@pytest.mark.timeout(300)
def test_no_bad_item_costs_any_of_199_good_ones_their_effect(settings: Settings) -> None:
    assert run_in(settings, 1).failures == ()
