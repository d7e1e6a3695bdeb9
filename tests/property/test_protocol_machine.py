"""Row `state_machine` of the verification table: 200 examples of anything that may happen between handset and server.

Always the same ones here, in parts for several processes; `make verify` tries new ones.
"""

import pytest
from verification.rows.state_machine import run

PARTS, EXAMPLES, STEPS = 4, 50, 12


@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_happens_every_item_has_one_effect_and_every_mirror_is_right(part: int) -> None:
    assert run(EXAMPLES, part, steps=STEPS).failures == ()
