"""The tests of uploads and of photographs once more, with a real S3 server as the store, over TLS.

What is imported is collected here again and runs with this module's settings. On SQLite only: the store does not know
which database there is.
"""

from collections.abc import Iterator

import pytest
from api.test_photos import *  # noqa: F403 (every test and fixture of the module)
from api.test_uploads import *  # noqa: F403 (the same)
from flask import Flask
from support.object_store import ObjectStore
from support.store_gate import on_s3

from server.blob_store import StoreParts
from server.config import Settings


@pytest.fixture
def database(sqlite_database: str) -> str:
    return sqlite_database


@pytest.fixture
def settings(settings: Settings, object_store: ObjectStore) -> Settings:
    return on_s3(settings, object_store.https, node="machine-on-s3")


@pytest.fixture(autouse=True)
def nothing_waits(app: Flask) -> Iterator[None]:
    """See to it that the S3 server had part in the test: a spool would cover up that it refuses everything."""
    parts: StoreParts = app.extensions["xuncha_store"]
    yield
    assert parts.spool is not None
    assert parts.spool.all_waiting() == []
