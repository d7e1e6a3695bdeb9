"""The reference handset client of Field Sync 1, and the load generator's actor.

handset.py     all of it together; start here        rounds.py      one whole synchronisation
outbox.py      what was made, and its answers         album.py       photographs · delivery.py  resumable uploads
enrolling.py   the first code · joining.py  the next   officers.py    who works with it · key.py
shifts.py      shifts, sessions, credentials
mirror.py      what the server grants                 reconciliation.py  the way back to a right mirror
link.py        which answers count · line.py          pushing.py pulling.py verifying.py salvaging.py documents.py
store.py       the one file · schema.py               device.py      what all parts share · pace.py  when to return

No Flask, no SQLAlchemy, no case. ``python -m sync.handset`` is the same on the command line.
"""

from sync.handset.album import DAMAGED, DONE, FREED, PENDING, REFUSED, Album, KeptPhoto, Snap
from sync.handset.clock import HandsetClock, Reading, SystemClock
from sync.handset.device import NotEnrolled
from sync.handset.enrolling import AlreadyEnrolled
from sync.handset.handset import Handset
from sync.handset.key import DeviceKey
from sync.handset.line import LineBroken, Refused, UnknownHandset
from sync.handset.officers import UnknownOfficer
from sync.handset.outbox import ItemTooLarge, Outbox
from sync.handset.pace import Pace
from sync.handset.schema import NewerOutboxError
from sync.handset.standing import Standing
from sync.handset.stored_item import StoredItem
from sync.handset.tally import SyncTally

__all__ = [
    "DAMAGED",
    "DONE",
    "FREED",
    "PENDING",
    "REFUSED",
    "Album",
    "AlreadyEnrolled",
    "DeviceKey",
    "Handset",
    "HandsetClock",
    "ItemTooLarge",
    "KeptPhoto",
    "LineBroken",
    "NewerOutboxError",
    "NotEnrolled",
    "Outbox",
    "Pace",
    "Reading",
    "Refused",
    "Snap",
    "Standing",
    "StoredItem",
    "SyncTally",
    "SystemClock",
    "UnknownHandset",
    "UnknownOfficer",
]
