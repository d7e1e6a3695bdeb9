"""kill -9 of a handset at any instant: whole items or none while recording, nothing lost or doubled in a round."""

import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support.field_server import FieldServer, running_field_server

from sync.fleet.books import read_outbox
from sync.handset import Handset, Snap

REPORT = {"category": {"scheme": "s", "code": "0101"}, "description": "暴露垃圾", "position": {"lon": 1, "lat": 2}}
VICTIM = Path(__file__).parents[1] / "support" / "handset_victim.py"
RECORD_FOR_EVER = """
import sys
from pathlib import Path
from sync.handset import Handset, Snap
handset = Handset(Path(sys.argv[1]), "http://127.0.0.1:1")
number = 0
while True:
    number += 1
    handset.record("report", {"description": str(number)}, [Snap("near", number.to_bytes(4) * 20_000)])
    print(number, flush=True)
"""


@pytest.mark.parametrize("milliseconds", [0, 7, 19, 31])
def test_a_killed_handset_keeps_every_item_it_reported_as_saved(tmp_path: Path, milliseconds: int) -> None:
    with running_field_server() as server, Handset(tmp_path, server.url) as handset:
        handset.enrol(server.code_for())
    with subprocess.Popen(
        [sys.executable, "-c", RECORD_FOR_EVER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as recorder:
        assert recorder.stdout is not None
        assert [recorder.stdout.readline() for _ in range(5)][-1] == "5\n"
        time.sleep(milliseconds / 1000)
        os.kill(recorder.pid, signal.SIGKILL)
        saved = [5, *map(int, recorder.stdout.read().split())][-1]
    book = read_outbox(tmp_path)
    assert saved <= book.made <= saved + 1
    assert [item.dseq for item in book.items] == list(range(1, book.made + 1))
    assert all(item.fingerprint == item.stored_fingerprint for item in book.items)
    assert all(later.previous == earlier.fingerprint for earlier, later in pairwise(book.items))
    assert {sha256 for item in book.items for sha256 in item.photos} == {photo.sha256 for photo in book.photos}
    assert all(photo.actual_sha256 == photo.sha256 for photo in book.photos)


def lives(folder: Path, server: FieldServer) -> list[dict[str, Any]]:
    """Kill a prepared handset's synchronisation at every write; returns what the victim program reports."""
    ran = subprocess.run(
        [sys.executable, str(VICTIM), str(folder), server.url],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    told = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [life["killed"] for life in told] == [True] * (len(told) - 1) + [False]
    return told


def test_a_push_killed_between_any_two_writes_loses_and_doubles_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "handset"
    with running_field_server() as server:
        with Handset(folder, server.url) as handset:
            handset.enrol(server.code_for())
            handset.record("report", REPORT)
            handset.sync()
            server.feed.show(handset.officer["id"], "task", "a")
            made = [handset.record("report", REPORT, [Snap("near", bytes([n]) * 900)]) for n in range(3)]
        told = lives(folder, server)
        assert len(told) > 15
        for life in told:
            assert all((item_id, h) in server.inbox for item_id, h in life["acked_at_kill"])
            assert [acked for _, _, acked in life["items"]] == [True] * 4
            total = sum(int(h[:32], 16) for _, h, _ in life["items"]) % 2**128
            assert life["acked"] == {"count": 4, "sum": f"{total:032x}"}
            assert (life["pending"], life["tasks"]) == (0, ["a" + "0" * 16])
        assert sorted(case["origin"] for case in server.cases.values() if case["origin"] in made) == sorted(made)


def test_a_reconciliation_killed_between_any_two_writes_ends_right(tmp_path: Path) -> None:
    folder, (old, new) = tmp_path / "handset", ("1" * 16, "2" * 16)
    with running_field_server() as server:
        with Handset(folder, server.url) as handset:
            handset.enrol(server.code_for())
            officer_id = handset.officer["id"]
            for name in "abcde":
                server.feed.show(officer_id, "task", name, old)
            handset.sync()
        for name in "bcdefgh":
            server.feed.show(officer_id, "task", name, new)
        server.feed.hide(officer_id, "task", "a")
        server.feed.hide(officer_id, "task", "e")
        server.feed.floor, server.feed.page_size = len(server.feed.log), 3
        told = lives(folder, server)
        assert len(told) > 15
        expected = server.feed.digest(officer_id)
        assert [life["digest"] for life in told] == [expected] * len(told)
        assert {tuple(life["tasks"]) for life in told} == {tuple(name + new for name in "bcdfgh")}
