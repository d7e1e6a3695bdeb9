"""Salvage: an item that no push can carry is laid before an administrator as it is.

It stays unacknowledged and in the outbox; it is only not pushed again until the next verification.
"""

import hashlib
import json

from sync.handset.line import LineBroken, Refused
from sync.handset.link import REVOKED, Link
from sync.handset.outbox import Outbox
from sync.handset.stored_item import StoredItem
from sync.handset.tally import SyncTally


def salvage(link: Link, outbox: Outbox, item: StoredItem, refusal: Refused, tally: SyncTally) -> None:
    """Put one item's wire form to ``/salvage/<its id>`` and mark it when the server proves that it has the bytes."""
    content = json.dumps(item.on_the_wire(), ensure_ascii=False).encode("utf-8")
    try:
        answer = link.exchange("PUT", f"/salvage/{item.id}", content, {"Content-Type": "application/json"})
    except Refused as error:
        if error.slug == REVOKED:
            raise
        tally.told.append(f"Record {item.dseq} was not accepted: {refusal}. It stays on this handset ({error}).")
        return
    if answer.get("sha256") != hashlib.sha256(content).hexdigest():
        raise LineBroken("the salvage answer names other bytes than were sent")
    outbox.salvage(item.id)
    tally.salvaged += 1
    tally.told.append(f"Record {item.dseq} was not accepted: {refusal}. An administrator has it; it stays here too.")
