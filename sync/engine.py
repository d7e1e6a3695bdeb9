"""Push: store everything, then interpret; order-free, at most once, one bad item never hurts another.

(1) One transaction stores all raw items: that is the acknowledgement. (2) Interpretation follows in chunks, in
transactions of their own; when a chunk breaks, its items are interpreted one by one and the one that breaks
again is set aside. (3) What could not be reached in time stays stored and is answered ``waiting``.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sync.item import Key, RawItem, Receipt, Refused, State, Verdict
from sync.ports import Inbox, UnavailableError

CHUNK = 50
# After this long the worker finishes the rest: a phone on a weak line must get its acknowledgement.
INTERPRET_SECONDS = 10.0
_LATER = Verdict(State.INTERPRETING)

Result = dict[str, Any]


def push(inbox: Inbox, items: Sequence[RawItem | Refused], *, patience: float = INTERPRET_SECONDS) -> list[Result]:
    """Take a batch and return one truthful result per item, in the order of the batch."""
    raws = [item for item in items if isinstance(item, RawItem)]
    try:
        # Without items too: what the handset says of itself is noted with it.
        receipts = {receipt.raw.index: receipt for receipt in inbox.store(raws)}
    except UnavailableError:
        receipts = {}
    fresh = [receipt.raw.key for receipt in receipts.values() if receipt.fresh and receipt.known is None]
    verdicts = interpret(inbox, fresh, until=time.monotonic() + patience)
    return [_result(item, receipts.get(item.index), verdicts) for item in items]


def interpret(inbox: Inbox, keys: Sequence[Key], *, until: float) -> dict[Key, Verdict]:
    """Interpret stored items chunk by chunk; keys left out of the answer are for the worker."""
    verdicts: dict[Key, Verdict] = {}
    for chunk in _chunks(keys):
        if time.monotonic() >= until:
            break
        try:
            verdicts.update(inbox.interpret(chunk))
        except UnavailableError:
            break
        except Exception as error:  # noqa: BLE001 (whatever one item breaks must not touch the others)
            verdicts.update(_one_by_one(inbox, chunk, error))
    return verdicts


def _one_by_one(inbox: Inbox, chunk: Sequence[Key], error: Exception) -> dict[Key, Verdict]:
    if len(chunk) == 1:
        return _set_aside(inbox, chunk[0], error)
    verdicts: dict[Key, Verdict] = {}
    for key in chunk:
        try:
            verdicts.update(inbox.interpret([key]))
        except UnavailableError:
            continue
        except Exception as broken:  # noqa: BLE001 (as above)
            verdicts.update(_set_aside(inbox, key, broken))
    return verdicts


def _set_aside(inbox: Inbox, key: Key, error: Exception) -> dict[Key, Verdict]:
    try:
        return {key: inbox.set_aside(key, error)}
    except UnavailableError:
        # Stored it is: the worker will meet the same error and set it aside then.
        return {}


def _chunks(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    # Sorted by id everywhere, so that two pushes never lock the same items in opposite orders.
    ordered = sorted(keys)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]


def _result(item: RawItem | Refused, receipt: Receipt | None, verdicts: Mapping[Key, Verdict]) -> Result:
    if isinstance(item, Refused):
        return {"id": item.item_id, "index": item.index, "state": State.RETRY, "slug": "fingerprint-mismatch"}
    head: Result = {"id": str(item.key.item_id), "index": item.index}
    if receipt is None:
        return {**head, "state": State.RETRY, "slug": "busy"}
    stored = {**head, "n": receipt.n, "durability": "committed"}
    if not receipt.fresh and receipt.known is not None:
        # The same item may stand twice in one batch: then this very push interpreted the first.
        known = verdicts.get(item.key, receipt.known)
        if known.state is State.CONFLICT:
            return {**stored, **_members(known)}
        return {**stored, "state": State.DUPLICATE, "current": _members(known), **known.members}
    return {**stored, **_members(receipt.known or verdicts.get(item.key, _LATER))}


def _members(verdict: Verdict) -> Result:
    if verdict.state is State.INTERPRETING:
        return {"state": State.WAITING, "needs": ["interpretation"]}
    missing = {"missing_photos": list(verdict.missing_photos)} if verdict.missing_photos else {}
    return {"state": verdict.state, **verdict.members, **missing}
