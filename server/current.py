"""What the running application holds: its settings and its blob store. Knows no subject."""

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
