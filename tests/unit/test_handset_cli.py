"""The reference handset on the command line: what it prints, and its exit codes."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.field_server import OFFICERS, FieldServer, running_field_server

from sync.handset.cli import BROKEN, DONE, REFUSED, run

Run = Callable[..., int]
REPORT = {"category": {"scheme": "s", "code": "0101"}, "description": "暴露垃圾", "position": {"lon": 1, "lat": 2}}


@pytest.fixture
def server() -> Iterator[FieldServer]:
    with running_field_server() as state:
        yield state


@pytest.fixture
def handset(tmp_path: Path) -> Run:
    return lambda *words: run(["--folder", str(tmp_path / "handset"), *words])


@pytest.fixture
def enrolled(server: FieldServer, handset: Run, capsys: pytest.CaptureFixture[str]) -> Run:
    link = f"xuncha://enrol?server={server.url}&code={server.code_for()}"
    assert handset("enrol", link) == DONE
    assert "Enrolled as install" in capsys.readouterr().out
    return handset


def report(tmp_path: Path) -> str:
    file = tmp_path / "payload.json"
    file.write_text(json.dumps(REPORT), "utf-8")
    return str(file)


def test_a_day_of_records_is_carried(
    server: FieldServer, enrolled: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "street.jpg").write_bytes(b"\xff\xd8 a street")
    assert enrolled("record", "report", report(tmp_path), "--photo", f"near={tmp_path / 'street.jpg'}") == DONE
    item_id = capsys.readouterr().out.strip()
    assert enrolled("sync") == DONE
    assert capsys.readouterr().out.splitlines()[:2] == ["applied: 1", "photos: 1"]
    assert list(server.photos.values()) == [b"\xff\xd8 a street"]
    assert enrolled("show", item_id) == DONE
    shown = json.loads(capsys.readouterr().out)
    assert (shown["state"], shown["body"]["payload"]["description"]) == ("applied", "暴露垃圾")
    assert enrolled("status") == DONE
    lines = capsys.readouterr().out.splitlines()
    assert {"made: 1", "unsent: 0", "photos_pending: 0", "clock_advice: -"} <= set(lines)
    for command in ("reconcile", "verify", "rotate", "prune"):
        assert enrolled(command) == DONE


def test_officers_change_by_code_and_come_back_by_id(
    server: FieldServer, enrolled: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert enrolled("shift", server.code_for(OFFICERS[1]["id"])) == DONE
    assert enrolled("shift", OFFICERS[0]["id"]) == DONE
    assert enrolled("officers") == DONE
    listed = capsys.readouterr().out.splitlines()[2:]
    assert sorted(listed) == sorted(
        [f"{OFFICERS[0]['id']} {OFFICERS[0]['name']} (active)", f"{OFFICERS[1]['id']} {OFFICERS[1]['name']}"]
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["enrol", "abc"], "Give --url"),
        (["enrol", "xuncha://enrol?code=1"], "no enrolment link"),
        (["enrol", "xuncha://enrol?server=http://city.example&code=1"], "without https"),
        (["--url", "http://127.0.0.1:1", "sync"], "enrol it with a code"),
        (["--url", "http://127.0.0.1:1", "show", "x"], "no item x"),
        (["--url", "http://127.0.0.1:1", "record", "report", "nowhere.json"], "nowhere.json"),
        (["sync"], "Where is the server"),
        (["dance"], "dance"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    handset: Run, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert handset(*words) == REFUSED
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("photo", ["street.jpg", "near=street.txt", "near=nowhere.jpg"])
def test_a_photo_that_cannot_be_read_makes_no_record(
    enrolled: Run, tmp_path: Path, photo: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert enrolled("record", "report", report(tmp_path), "--photo", photo) == REFUSED
    assert f"--photo {photo}" in capsys.readouterr().err
    enrolled("status")
    assert "made: 0" in capsys.readouterr().out


def test_a_refusal_of_the_server_is_told(
    server: FieldServer, enrolled: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    server.revoked = True
    assert enrolled("sync") == REFUSED
    assert "handset-revoked" in capsys.readouterr().err


def test_a_broken_line_has_a_code_of_its_own(
    server: FieldServer, enrolled: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    server.forge_macs = 1
    assert enrolled("sync") == BROKEN
    assert "Nothing is lost" in capsys.readouterr().err
