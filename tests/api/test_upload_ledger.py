"""The upload ledger on the database passes photo_store's contract, and keeps uploads of installs apart."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from street import FACTS, Street, sha256_of, street

from photo_store.contract import UploadLedgerContract
from photo_store.ledger import UploadLedger
from photo_store.upload_errors import UploadUnknown
from server.clock import now
from server.db import read, transact
from server.evidence import uploads
from server.evidence.queries import proven
from server.gateway.upload_ledger import DatabaseUploadLedger


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    return street(app, client)


class InContext:
    """Calls the ledger as requests do: each in an application context of its own, from any thread."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._ledger = DatabaseUploadLedger()

    def __getattr__(self, name: str) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            with self._app.app_context():
                result: object = getattr(self._ledger, name)(*args, **kwargs)
                return result

        return call


class TestDatabaseUploadLedger(UploadLedgerContract):
    @pytest.fixture
    def ledger(self, town: Street) -> UploadLedger:
        return InContext(town.app)

    @pytest.fixture
    def create(self, town: Street) -> Callable[[int, str | None], str]:
        return lambda length, sha256: create(town, town.collector.install_id, length, sha256)


def create(town: Street, install_id: UUID, length: int, sha256: str | None, days: int = 7) -> str:
    with town.app.app_context():
        upload = transact(uploads.create_upload, install_id, sha256, length, now() + timedelta(days=days))
    return upload.upload_id


def test_bytes_that_an_install_sent_before_are_finished_at_once(town: Street) -> None:
    town.upload("near")
    again = create(town, town.collector.install_id, FACTS.size, sha256_of("near"))
    with town.app.app_context():
        state = read(uploads.state, again)
        assert (state.offset, state.status) == (FACTS.size, "complete")
        assert read(proven, town.collector.install_id, sha256_of("near"))


def test_another_installs_upload_proves_nothing(town: Street) -> None:
    town.upload("near")
    other = create(town, town.enforcer.install_id, FACTS.size, sha256_of("near"))
    with town.app.app_context():
        assert read(uploads.state, other).offset == 0
        assert not read(proven, town.enforcer.install_id, sha256_of("near"))
        assert read(uploads.owner_of, other)[0] == town.enforcer.install_id


def test_an_expired_upload_is_unknown(town: Street) -> None:
    expired = create(town, town.collector.install_id, 100, None, days=-1)
    with town.app.app_context(), pytest.raises(UploadUnknown):
        read(uploads.state, expired)


def test_a_name_that_is_no_upload_id_is_unknown(town: Street) -> None:
    with town.app.app_context(), pytest.raises(UploadUnknown):
        read(uploads.state, "../../etc/passwd")
