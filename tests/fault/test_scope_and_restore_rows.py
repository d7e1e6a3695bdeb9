"""Rows `scope` and `restore` of the verification table, in small."""

import pytest
from verification.rows import restore, scope


@pytest.mark.timeout(300)
def test_no_body_ever_holds_what_is_not_granted_at_that_moment() -> None:
    assert scope.run(500).failures == ()


def test_after_a_restore_everything_acknowledged_is_collected_again() -> None:
    assert restore.run(3).failures == ()
