"""Row `fleet`: whole stories of a fleet by seed, on the real application in this process (sync/simulation)."""

import time

from verification.rows.result import Result
from verification.told import stories

ROW = "fleet"


def run(count: int, start: int = 0, database: str = "sqlite") -> Result:
    """Tell the stories of ``count`` seeds; crashes and restores are SQLite's, PostgreSQL's are in `kill`."""
    began, failures = time.monotonic(), list[str]()
    for seed in range(start, start + count):
        outcome = stories().tell(seed)
        failures += [f"seed {seed}: {finding}" for finding in outcome.findings]
    return Result(ROW, database, start, count, tuple(failures), time.monotonic() - began)
