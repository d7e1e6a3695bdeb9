"""A child process that may compute and nothing else, for work on bytes of strangers.

``Sandbox`` keeps idle children, gives each task a deadline and replaces a child that crashed or hung. A child starts as
a program of its own with an empty environment (no secret of the parent is in its memory), imports what its tasks need,
gives up everything else (:mod:`.confine`), and then takes parcels on one pipe and answers on another. Parcels are JSON
and bytes, never pickles: whoever takes over a child cannot reach the parent through its answer. Knows no picture.
"""

from photo_store.sandbox.parcels import Parcel
from photo_store.sandbox.pool import ChildLost, Sandbox, SandboxError, SandboxUnavailable, TaskRefused

__all__ = ["ChildLost", "Parcel", "Sandbox", "SandboxError", "SandboxUnavailable", "TaskRefused"]
