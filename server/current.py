"""What the running application holds: its settings and its blob store. Knows no subject."""

import socket

from flask import current_app

from photo_store.blobs import BlobStore, original_key
from photo_store.spooling import SpoolingBlobs
from server.blob_store import StoreParts
from server.config import Settings


def settings() -> Settings:
    """Return the settings of the running application."""
    chosen: Settings = current_app.extensions["xuncha_settings"]
    return chosen


def secret() -> str:
    """Return the secret of the running application, which it read when it started."""
    return str(current_app.config["SECRET_KEY"])


def blobs() -> BlobStore:
    """Return the store of originals and renditions."""
    store: BlobStore = current_app.extensions["xuncha_blobs"]
    return store


def node_name() -> str:
    """Return the name of this machine among several: the configured one, or the host's."""
    return (settings().node or socket.gethostname())[:64]


def store_parts() -> StoreParts:
    """Return what the store is made of, for who watches it or empties its spool."""
    parts: StoreParts = current_app.extensions["xuncha_store"]
    return parts


def spooling() -> SpoolingBlobs | None:
    """Return the spool in which originals wait for a store that is down; None where the store is a disk."""
    return store_parts().spool


def spooled_on(sha256: str) -> str | None:
    """Return this machine's name if an original waits on it alone for a store that is down, else None.

    Raises BlobUnavailable if the spool cannot be asked: then nobody may be told that the original is stored.
    """
    spool = spooling()
    return node_name() if spool is not None and spool.waiting(original_key(sha256)) else None
