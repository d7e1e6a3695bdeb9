"""A door in front of the S3 server that opens and closes in no time, for tests in which the store is down.

Killing the server itself takes four seconds until it is back; tests/fault does that. The door carries bytes, knows no
HTTP, and closing it cuts what is under way.
"""

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from flask import Flask
from support.object_store import HOST, ObjectStore

from photo_store.disk import DiskBlobs
from photo_store.rendition_cache import RenditionCache
from photo_store.s3_client import S3Address
from server.blob_store import StoreParts, cache_folder
from server.config import Settings
from server.safekeeping.nodes import show_node

_PIECE = 64 * 1024


@dataclass
class StoreGate:
    """A relay to the S3 server on a port of its own."""

    store: ObjectStore
    port: int = 0
    _listener: socket.socket | None = None
    _open: list[socket.socket] = field(default_factory=list)

    @property
    def address(self) -> S3Address:
        return replace(self.store.http, endpoint=f"http://{HOST}:{self.port}")

    def open(self) -> None:
        """Let connections through."""
        if self._listener is None:
            self._listener = socket.create_server((HOST, self.port), backlog=64)
            self.port = self._listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        """Refuse connections, and cut those that are open."""
        if self._listener is None:
            return
        closing, self._listener = [self._listener, *self._open], None
        self._open.clear()
        for each in closing:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
                server = socket.create_connection((HOST, self.store.ports["s3"]))
            except OSError:
                return
            self._open += [client, server]
            threading.Thread(target=_carry, args=(client, server), daemon=True).start()


def _carry(client: socket.socket, server: socket.socket) -> None:
    other = {client: server, server: client}
    with client, server, contextlib.suppress(OSError, ValueError):  # closed by the gate meanwhile
        while True:
            for source in select.select([client, server], [], [])[0]:
                piece = source.recv(_PIECE)
                if not piece:
                    return
                other[source].sendall(piece)


@pytest.fixture(scope="session")
def session_store_gate(session_object_store: ObjectStore) -> Iterator[StoreGate]:
    made = StoreGate(session_object_store)
    made.open()
    yield made
    made.close()


@pytest.fixture
def store_gate(session_store_gate: StoreGate, object_store: ObjectStore) -> StoreGate:
    """Return the open door to an S3 server with an empty bucket."""
    assert session_store_gate.store is object_store
    session_store_gate.open()
    return session_store_gate


def on_s3(settings: Settings, address: S3Address, node: str = "machine-1") -> Settings:
    """Return settings whose store is the bucket at ``address``, with its folders laid out as a start does."""
    chosen = replace(
        settings,
        blob_store="s3",
        node=node,
        s3_endpoint=address.endpoint,
        s3_bucket=address.bucket,
        s3_access_key=address.access_key,
        s3_secret_key=address.secret_key,
        s3_ca_file=str(address.ca_file or ""),
    )
    RenditionCache(DiskBlobs(chosen.blob_dir), cache_folder(chosen), 1)
    return chosen


def impatient(app: Flask) -> StoreParts:
    """Let the application ask a dead store every time, and show its machine, as its first request does."""
    parts: StoreParts = app.extensions["xuncha_store"]
    assert parts.spool is not None
    parts.spool.breaker.rest_s = 0.0
    with app.app_context():
        show_node.run()
    return parts
