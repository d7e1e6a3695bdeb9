"""Row `restore`: stories with a certain backup, life going on, a certain restore, and everybody synchronising after.

A third of the restores are the nasty variant, the file copied back behind the product's back, and half of them lose
the newer photographs too. No acknowledged item may be missing at the end and no case number may stand twice.
"""

import time

from verification.rows.result import Result
from verification.told import stories

from sync.simulation import Size

ROW = "restore"
# Seeds of their own: the row `fleet` tells the small ones.
_FIRST_SEED = 10_000_000
_SIZE = Size(handsets=(2, 4), events=(25, 45), certain=(("snapshot", 0.35), ("restore", 0.7)))


def run(count: int, start: int = 0, database: str = "sqlite") -> Result:
    """Tell ``count`` stories; PostgreSQL's restore has tests of its own in tests/api."""
    began, failures = time.monotonic(), list[str]()
    for trial in range(start, start + count):
        outcome = stories().tell(_FIRST_SEED + trial, size=_SIZE)
        failures += [f"seed {outcome.seed}: {finding}" for finding in outcome.findings]
    return Result(ROW, database, start, count, tuple(failures), time.monotonic() - began)
