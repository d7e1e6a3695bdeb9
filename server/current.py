"""What the running application holds: its settings and its blob store. Knows no subject."""

import socket

from flask import current_app

from photo_store.blobs import BlobStore
from server.config import Settings


def settings() -> Settings:
    """Return the settings of the running application."""
    chosen: Settings = current_app.extensions["xuncha_settings"]
    return chosen


def blobs() -> BlobStore:
    """Return the store of originals and renditions."""
    store: BlobStore = current_app.extensions["xuncha_blobs"]
    return store


def node_name() -> str:
    """Return the name of this machine among several: the configured one, or the host's."""
    return (settings().node or socket.gethostname())[:64]


def spooled_on(sha256: str) -> str | None:  # noqa: ARG001 (a disk store never lets an original wait elsewhere)
    """Return this machine's name if an original waits on it alone for a store that is down, else None."""
    return None
