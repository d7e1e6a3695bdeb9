"""What the worker does about new and changed cases: settle them, a minute's sweep for what nobody announced."""

from server.casework.duplicates.settling import MOST_AT_ONCE, settle, unsettled
from server.db import read, transact
from server.jobs import periodic
from server.logs import log


@periodic(minutes=1)
def settle_cases() -> None:
    """Settle every case that waits, each in a transaction of its own: one that fails does not stop the others."""
    while waiting := read(unsettled):
        failed = 0
        for case_id in waiting:
            try:
                transact(settle, case_id)
            except Exception:  # noqa: BLE001 (whatever is wrong with one case, the others must not wait for it)
                failed += 1
                log.exception("case-not-settled", case=str(case_id))
        if failed or len(waiting) < MOST_AT_ONCE:
            break
