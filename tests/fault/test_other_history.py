"""What a backup promises, and what a restored server says, is never taken from another history."""

import io
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import select
from support.field import PUSH, FieldHandset
from support.keeping import QUIET_PORT, Deployment
from support.mirrored import MirroredHandset
from support.office import Office
from werkzeug.test import TestResponse

from server.config import Settings
from server.db import read
from server.gateway.models import InboxItem
from server.safekeeping.backup import make_backup

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, port=QUIET_PORT)


class SlowBody(io.BytesIO):
    """A request's body that comes when it is let go; ``asked`` tells that the server waits for it."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.asked, self.go = threading.Event(), threading.Event()

    def read(self, size: int | None = -1, /) -> bytes:
        self._wait()
        return super().read(size)

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        self._wait()
        return super().readinto(buffer)

    def _wait(self) -> None:
        self.asked.set()
        assert self.go.wait(60)


def test_what_arrived_before_a_snapshot_and_was_stored_after_it_is_not_promised(
    app: Flask, deployment: Deployment, collector: FieldHandset, tmp_path: Path
) -> None:
    collector.push(collector.item())
    content = app.json.dumps(collector.envelope([collector.item()])).encode()
    body, answers = SlowBody(content), list[TestResponse]()

    def push() -> None:
        headers = collector.headers | {"Content-Type": "application/json"}
        answers.append(collector.client.post(PUSH, input_stream=body, content_length=len(content), headers=headers))

    sender = threading.Thread(target=push)
    sender.start()
    assert body.asked.wait(60)

    def told(stage: str, _done: int, _total: int) -> None:
        if stage == "snapshot":
            body.go.set()
            sender.join()

    with app.app_context():
        make_backup(tmp_path / "backup", told)
        stored = read(lambda session: sorted(session.scalars(select(InboxItem.n))))
    assert [collector.trusted(answer)["results"][0]["n"] for answer in answers] == [2]
    assert stored == [1, 2]
    assert deployment.backed_up_through(collector.enrolled.install_id) == 1


def test_a_restored_server_gives_no_version_that_its_lost_history_gave(
    app: Flask, deployment: Deployment, office: Office, collector: FieldHandset
) -> None:
    case_id = collector.results(collector.item())[0]["case_id"]
    backup = deployment.backup()
    lost = office.act(case_id, "file")
    mirrored = MirroredHandset(collector)
    mirrored.pull()
    assert deployment.restore(backup).exit_code == 0
    # The same act as in the lost history, with another result: the numbers went on.
    again = Office(app, office.city).act(case_id, "file")
    assert again["case_no"] != lost["case_no"]
    told = {change["id"]: change["data"]["case_no"] for change in mirrored.reconcile(because="epoch")}
    assert told == {case_id: again["case_no"]}
