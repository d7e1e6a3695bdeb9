"""kill -9 of a handset that is recording: whole items or none, every photograph on disk."""

import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from sync.fleet.books import read_outbox
from sync.handset.store import Store

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
    store = Store(tmp_path)
    for name, value in {"install_id": "i", "officer": json.dumps({"id": "o"})}.items():
        store.write_note(name, value)
    store.close()
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
