"""The reference handset client of Field Sync 1, and the load generator's actor.

outbox.py what was made · album.py photographs · mirror.py what the server grants · line.py which answers
count · delivery.py resumable uploads · handset.py all of them together. No Flask, no SQLAlchemy, no case.
"""

from sync.handset.album import DAMAGED, DONE, PENDING, REFUSED, Album, KeptPhoto, Snap
from sync.handset.clock import HandsetClock, Reading, SystemClock
from sync.handset.handset import Handset, NotEnrolled, SyncTally
from sync.handset.key import DeviceKey
from sync.handset.line import LineBroken, Refused
from sync.handset.outbox import ItemTooLarge, Outbox, StoredItem

__all__ = [
    "DAMAGED",
    "DONE",
    "PENDING",
    "REFUSED",
    "Album",
    "DeviceKey",
    "Handset",
    "HandsetClock",
    "ItemTooLarge",
    "KeptPhoto",
    "LineBroken",
    "NotEnrolled",
    "Outbox",
    "Reading",
    "Refused",
    "Snap",
    "StoredItem",
    "SyncTally",
    "SystemClock",
]
