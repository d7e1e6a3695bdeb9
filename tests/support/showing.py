"""Puts a drawn picture in the place of a photograph's bytes and derives its renditions, as the worker would."""

import io
from datetime import UTC, datetime
from functools import cache

from flask import Flask
from street import sha256_of

from photo_store.blobs import BlobStore, original_key
from photo_store.drawn import Phase, Scene, draw
from server.evidence.deriving import derive_one

SIZE = (400, 300)


def show(app: Flask, name: str, *, phase: Phase = Phase.BEFORE, seed: int = 0) -> None:
    """Give a photograph that has arrived (by name) bytes and renditions."""
    store: BlobStore = app.extensions["xuncha_blobs"]
    store.put(original_key(sha256_of(name)), io.BytesIO(drawn(phase, seed)))
    with app.app_context():
        derive_one(sha256_of(name))


@cache
def drawn(phase: Phase, seed: int) -> bytes:
    """Return the JPEG of a street scene."""
    taken_at = datetime(2026, 11, 22, 0, 31, tzinfo=UTC)
    return draw(Scene.EXPOSED_RUBBISH, seed, size=SIZE, taken_at=taken_at, lon=123.5, lat=30.5, phase=phase)
