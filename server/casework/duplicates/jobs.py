"""What the worker does about new and changed cases: settle them, a minute's sweep for what nobody announced."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from server.casework.duplicates.candidates import Matter
from server.casework.duplicates.settling import MOST_AT_ONCE, settle, unsettled
from server.db import read, transact
from server.jobs import periodic
from server.logs import log

# A transaction is short: on SQLite whoever pushes waits for it.
_TOGETHER = 20


@periodic(minutes=1)
def settle_cases() -> None:
    """Settle every case that waits, a few of one class and city in a transaction."""
    while waiting := read(unsettled):
        failed = sum(_settled(matter, few) for matter, ids in waiting.items() for few in _cut(ids))
        if failed or sum(map(len, waiting.values())) < MOST_AT_ONCE:
            break


def _settled(matter: Matter, case_ids: Sequence[UUID]) -> int:
    """Settle cases, each alone where they do not go together; return how many failed."""
    try:
        transact(settle, matter, case_ids)
    except Exception:  # noqa: BLE001 (whatever is wrong with one case, the others must not wait for it)
        if len(case_ids) > 1:
            return sum(_settled(matter, [case_id]) for case_id in case_ids)
        log.exception("case-not-settled", case=str(case_ids[0]))
        return 1
    return 0


def _cut(case_ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (case_ids[start : start + _TOGETHER] for start in range(0, len(case_ids), _TOGETHER))
