"""Looks at photographs from behind the doors: their row, their bytes, the collector at another time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from photo_store.blobs import BlobStore, original_key
from server import clock
from server.clock import now
from server.db import read, transact
from server.evidence.collecting import Collected, collect
from server.evidence.models import Photo
from server.evidence.reconciling import Reconciled, reconcile

R = TypeVar("R")
POOL = timedelta(days=31)
DAY = timedelta(days=1, minutes=1)


@contextmanager
def later(by: timedelta) -> Iterator[None]:
    """Let the server's clock stand so much later inside the block."""
    moment = now() + by
    with clock.use(lambda: moment):
        yield


@dataclass(frozen=True)
class Pool:
    """The photographs of a test's application."""

    app: Flask

    @property
    def blobs(self) -> BlobStore:
        """Return the store."""
        store: BlobStore = self.app.extensions["xuncha_blobs"]
        return store

    def do(self, operation: Callable[..., R], *arguments: Any, **options: Any) -> R:  # noqa: ANN401 (the operation's own)
        """Run an operation in a transaction."""
        with self.app.app_context():
            return transact(operation, *arguments, **options)

    def ask(self, query: Callable[[Session], R]) -> R:
        """Read."""
        with self.app.app_context():
            return read(query)

    def row(self, sha256: str) -> Photo | None:
        """Return a photograph's row."""

        def found(session: Session) -> Photo | None:
            photo = session.get(Photo, sha256)
            if photo is not None:
                session.expunge(photo)
            return photo

        return self.ask(found)

    def state(self, sha256: str) -> str:
        """Return where a photograph stands in one word."""
        photo = self.row(sha256)
        if photo is None:
            return "gone"
        if photo.deleting_at is not None:
            return "deleting"
        if photo.condemned_at is not None:
            return "condemned"
        return "attached" if photo.attached_at is not None else "waiting"

    def has_bytes(self, sha256: str) -> bool:
        """Tell whether the store has the original."""
        return self.blobs.exists(original_key(sha256))

    def collect(self, by: timedelta = timedelta()) -> Collected:
        """Collect so much later."""
        with later(by), self.app.app_context():
            return collect()

    def reconcile(self, *, remove: bool = False) -> Reconciled:
        """Compare rows and bytes."""
        with self.app.app_context():
            return reconcile(remove=remove)


@pytest.fixture
def pool(app: Flask) -> Pool:
    """Return the photographs of this test's application."""
    return Pool(app)
