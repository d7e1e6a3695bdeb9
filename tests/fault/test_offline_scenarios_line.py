"""Offline scenarios of the line (domain.md 4.9, numbers 1, 2, 8): nothing is lost, doubled or put out of order.

Against the running server, with the reference handset.
"""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from support.lossy_proxy import LossyProxy, Trouble, lossy_proxy
from support.scenarios import FieldClock, Town, case_of, outcomes

from photo_store.blobs import BlobStore, original_key
from server.casework.models import Case
from server.db import read
from sync.handset import DAMAGED, Handset, LineBroken, Snap

# What 64 kbit/s carry in two seconds, after which the signal is gone again.
_WINDOW = 16_000
_MOST_WINDOWS = 100
_DEVICES, _HAZARDS_EACH, _TRIES = 30, 7, 5

# Dies with the photographs on disk and the item written, but not committed.
_KILLED_WHILE_RECORDING = """
import json, os, signal, sys
from pathlib import Path
from sync.handset import Album, Handset, Snap
Album.declare = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with Handset(Path(sys.argv[1]), "http://127.0.0.1:1") as handset:
    handset.record("report", json.loads(sys.argv[2]), [Snap("near", sys.stdin.buffer.read())])
"""


def three_photos(town: Town, nth: int) -> list[Snap]:
    return [town.snap(3 * nth + number, role) for number, role in enumerate(("near", "far", "reference"))]


def test_six_reports_made_in_an_underpass_arrive_whole_and_in_order_over_a_line_that_keeps_breaking(town: Town) -> None:
    """Scenario 1: 40 minutes offline, 6 reports, 18 photographs, the app is killed once, a slow uplink."""
    officer, clock = town.officer(), FieldClock()
    handset = town.handset(officer, clock)
    items = []
    for nth in range(6):
        clock.ago = timedelta(minutes=40 - 6 * nth)
        if nth == 3:
            handset.close()
            killed_while_recording(town.folder_of(officer), town)
            handset = town.reopen(officer, clock)
        items.append(handset.record("report", town.found(description=f"第{nth}处"), three_photos(town, nth)))
    clock.ago = timedelta()
    handset.close()
    with lossy_proxy(town.running.server.settings.host, town.running.server.settings.port) as line:
        synchronised_through(line, town.folder_of(officer), clock)
    handset = town.reopen(officer, clock)
    assert outcomes(handset) == ["applied"] * 6
    assert [item.id for item in handset.outbox.items()] == items
    assert [item.n for item in handset.outbox.items()] == [1, 2, 3, 4, 5, 6]
    assert town.stored(handset) == {item.id: item.body.encode() for item in handset.outbox.items()}
    cases = [town.case(case_of(handset, item_id)) for item_id in items]
    assert [case["description"] for case in cases] == [f"第{nth}处" for nth in range(6)]
    captured = [case["captured_at_corrected"] for case in cases]
    assert captured == sorted(captured)
    assert [case["evidence_present"] for case in cases] == [3] * 6
    mine = [case for case in town.ask("GET", "/cases?limit=200")["cases"] if case["reporter_id"] == str(officer.id)]
    assert len(mine) == 6


def killed_while_recording(folder: Path, town: Town) -> None:
    """Kill -9 the app in the middle of a record that it has not confirmed."""
    program = [sys.executable, "-c", _KILLED_WHILE_RECORDING, str(folder), "{}"]
    root = str(Path(__file__).parents[2])
    died = subprocess.run(
        program, input=town.snap(99).data, cwd=root, env={**os.environ, "PYTHONPATH": root}, check=False
    )
    assert died.returncode == -signal.SIGKILL


def synchronised_through(line: LossyProxy, folder: Path, clock: FieldClock) -> None:
    """Synchronise over a line that dies with every window; none is long enough for a whole photograph."""
    line.choose = lambda _number: Trouble(cut_request=_WINDOW)
    with Handset(folder, f"http://127.0.0.1:{line.port}", clock=clock) as handset:
        assert min(photo.size for photo in handset.album.pending()) > _WINDOW
        for _ in range(_MOST_WINDOWS):
            try:
                handset.push()
                handset.upload_photos()
            except LineBroken:
                continue
            break
        assert (handset.outbox.unsent_count(), handset.album.pending()) == (0, []), "photographs go on where they broke"


def test_after_three_days_without_a_base_station_thirty_devices_come_back_at_once(town_on_both: Town) -> None:
    """Scenario 2: a typhoon, 72 h, 30 devices, 210 hazard reports (without pictures), everybody in one moment."""
    town = town_on_both
    officers = [town.officer() for _ in range(_DEVICES)]
    clock = FieldClock()
    for place, officer in enumerate(officers):
        handset = town.handset(officer, clock)
        for nth in range(_HAZARDS_EACH):
            clock.ago = timedelta(hours=72 - 10 * nth)
            handset.record("report", town.found(100.0 * place, "0114", description=f"险情 {nth}"))
        clock.ago = timedelta()
        handset.close()

    def come_back(folder: Path) -> tuple[list[str], int]:
        with Handset(folder, town.url, clock=clock) as handset:
            synchronised_at_last(handset)
            return outcomes(handset), len(handset.mirror.entities("case"))

    with ThreadPoolExecutor(_DEVICES) as everybody:
        told = list(everybody.map(come_back, [town.folder_of(officer) for officer in officers]))
    assert told == [(["applied"] * _HAZARDS_EACH, _HAZARDS_EACH)] * _DEVICES
    reporters = [officer.id for officer in officers]
    made = select(func.count(), func.count(Case.origin_item_id.distinct())).where(Case.reporter_id.in_(reporters))
    with town.app.app_context():
        assert read(lambda session: session.execute(made).one()) == (_DEVICES * _HAZARDS_EACH,) * 2


def synchronised_at_last(handset: Handset) -> None:
    """Synchronise, and do so again where the server was too busy to answer, as an app does by itself."""
    for _ in range(_TRIES):
        try:
            handset.sync()
        except LineBroken:
            continue
        return
    pytest.fail("the server answered none of these tries")


def test_a_photograph_that_comes_before_its_record_finds_it(town: Town) -> None:
    """Scenario 8, first part."""
    officer = town.officer()
    handset = town.handset(officer)
    item_id = handset.record("report", town.found(), [town.snap(1)])
    (kept,) = handset.album.pending()
    assert handset.upload_photos().photos == 1
    waiting = town.ask("GET", "/photos/unattached")["photos"]
    assert [one["sha256"] for one in waiting if one["officer_id"] == str(officer.id)] == [kept.sha256]
    handset.sync()
    case = town.case(case_of(handset, item_id))
    assert (case["evidence_expected"], case["evidence_present"]) == (1, 1)
    waiting = town.ask("GET", "/photos/unattached")["photos"]
    assert kept.sha256 not in {one["sha256"] for one in waiting}


def test_a_record_whose_photograph_never_comes_is_a_case_that_says_so(town: Town) -> None:
    """Scenario 8, second part: the card lost one file and spoilt another."""
    handset = town.handset(town.officer())
    item_id = handset.record("report", town.found(), three_photos(town, 0))
    lost, spoilt, sound = handset.album.pending()
    lost.path.unlink()
    spoilt.path.write_bytes(spoilt.path.read_bytes()[:-100] + bytes(100))
    tally = handset.sync()
    assert len(tally.told) == 2, "the officer reads that two photographs stay behind"
    assert [handset.album.photo(one.sha256).state for one in (lost, spoilt)] == [DAMAGED] * 2
    case_id = case_of(handset, item_id)
    present = {one["sha256"]: one["present_at"] is not None for one in town.case(case_id)["evidence"]}
    assert present == {lost.sha256: False, spoilt.sha256: False, sound.sha256: True}
    (shown,) = handset.mirror.entities("case")
    assert set(shown["missing_photos"]) == {lost.sha256, spoilt.sha256}
    assert town.act(case_id, "file")["state"] == "filed", "the case goes on without them"


def test_bytes_that_are_hurt_on_the_way_never_count_as_the_photograph(town: Town) -> None:
    """Scenario 8, third part: one bit flips in the upload, and the handset sends it once more."""
    officer, shot = town.officer(), town.snap(1)
    with town.handset(officer) as handset:
        item_id = handset.record("report", town.found(), [shot])
        handset.push()
    host, port = town.running.server.settings.host, town.running.server.settings.port
    middle = len(shot.data) // 2
    with lossy_proxy(host, port, lambda _number: Trouble(flip_request=middle)) as line:
        with town.reopen(officer, url=f"http://127.0.0.1:{line.port}") as handset:
            assert handset.upload_photos().photos == 1
        line.wait()
        assert line.carried[0] > 2 * len(shot.data), "it was refused once and sent again"
    case_id = case_of(town.reopen(officer), item_id)
    (evidence,) = town.case(case_id)["evidence"]
    assert evidence["present_at"] is not None
    store: BlobStore = town.app.extensions["xuncha_blobs"]
    with store.open(original_key(evidence["sha256"])) as original:
        assert original.read() == shot.data
