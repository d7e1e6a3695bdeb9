"""The auditor finds whatever is missing or doubled, on either side."""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from support.field_server import FieldServer, running_field_server

from sync.fleet import Audit, Effect, InboxEntry, Verdict, audit_run
from sync.fleet.crew import Post, write_crew
from sync.fleet.plan import Duty
from sync.handset import Handset, Snap

REPORT = {"category": {"scheme": "s", "code": "0101"}, "description": "暴露垃圾", "position": {"lon": 1, "lat": 2}}


class PlainBooks:
    """Books kept in lists, so that a test can tear out a page."""

    def __init__(self, server: FieldServer) -> None:
        self.entries = [
            InboxEntry(item_id, fingerprint, row["install_id"], row["verdict"]["state"], is_primary=True)
            for (item_id, fingerprint), row in server.inbox.items()
        ]
        self.results = [Effect(case["origin"], "case", case["id"], "closed") for case in server.cases.values()]
        self.evidence = {case["origin"]: set(case["hashes"]) for case in server.cases.values()}
        self.store = {sha256: hashlib.sha256(data).hexdigest() for sha256, data in server.photos.items()}

    def inbox(self, install_ids: Collection[str]) -> Sequence[InboxEntry]:
        return [entry for entry in self.entries if entry.install_id in install_ids]

    def effects(self, item_ids: Collection[str]) -> Sequence[Effect]:
        return [effect for effect in self.results if effect.item_id in item_ids]

    def declared(self, item_ids: Collection[str]) -> Mapping[str, Collection[str]]:
        return {item_id: hashes for item_id, hashes in self.evidence.items() if item_id in item_ids}

    def originals(self, hashes: Collection[str]) -> Mapping[str, str]:
        return {sha256: actual for sha256, actual in self.store.items() if sha256 in hashes}


class Run:
    """A finished run of one handset with three reports, and the server's books about it."""

    def __init__(self, folder: Path, books: PlainBooks) -> None:
        self.folder = folder
        self.books = books

    def audit(self) -> Audit:
        return audit_run(self.folder, self.books)

    def causes(self) -> set[str]:
        return {finding.cause for finding in self.audit().findings}

    def outbox(self, statement: str, *values: object) -> None:
        connection = sqlite3.connect(self.folder / "handset-001" / "outbox.sqlite3")
        with connection:
            assert connection.execute(statement, values).rowcount == 1
        connection.close()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, FieldServer]]:
    folder = tmp_path_factory.mktemp("run")
    with running_field_server() as server:
        with Handset(folder / "handset-001", server.url) as handset:
            handset.enrol(server.code_for())
            for n in range(3):
                handset.record("report", REPORT, [Snap("near", bytes([n]) * 500)])
            handset.sync()
            write_crew(folder, [Post(1, Duty.COLLECTOR, "o", "n", "a", None, 0, 1, handset.install_id)])
        yield folder, server


@pytest.fixture
def run(finished: tuple[Path, FieldServer], tmp_path: Path) -> Run:
    folder, server = finished
    return Run(shutil.copytree(folder, tmp_path / "run"), PlainBooks(server))


def test_a_sound_run_balances(run: Run) -> None:
    audit = run.audit()
    assert audit.findings == ()
    tally = audit.tally
    assert (tally.made, tally.applied, tally.photos_declared, tally.photos_present) == (3, 3, 3, 3)
    assert (tally.cases_reported, tally.cases_closed, tally.lost, tally.doubled) == (3, 3, 0, 0)


@pytest.mark.parametrize("dseq", [1, 2, 3])
def test_an_item_deleted_from_the_outbox_is_found(run: Run, dseq: int) -> None:
    run.outbox("DELETE FROM items WHERE dseq = ?", dseq)
    assert {"outbox-gap", "phantom"} <= run.causes()


def test_an_item_deleted_from_the_outbox_with_its_counter_is_found(run: Run) -> None:
    run.outbox("DELETE FROM items WHERE dseq = 3")
    run.outbox("UPDATE meta SET value = '2' WHERE name = 'dseq'")
    assert run.causes() == {"phantom"}


def test_an_item_altered_in_the_outbox_is_found(run: Run) -> None:
    run.outbox("UPDATE items SET body = replace(body, '暴露', '积存') WHERE dseq = 2")
    assert {"outbox-item-altered", "outbox-chain-broken", "not-in-inbox"} <= run.causes()


def test_an_outbox_that_vanished_is_found(run: Run) -> None:
    (run.folder / "handset-001" / "outbox.sqlite3").unlink()
    assert {"outbox-gone", "phantom"} <= run.causes()


def test_a_photo_file_lost_on_the_handset_is_found(run: Run) -> None:
    next((run.folder / "handset-001" / "photos").iterdir()).unlink()
    assert run.causes() == {"outbox-photo-damaged"}


def test_an_unsent_item_is_undelivered_not_lost(run: Run) -> None:
    item = run.books.entries.pop()
    run.books.results = [effect for effect in run.books.results if effect.item_id != item.item_id]
    run.outbox("UPDATE items SET acked = 0, state = 'unsent' WHERE id = ?", item.item_id)
    tally = run.audit().tally
    assert (tally.undelivered, tally.lost) == (1, 0)
    assert not run.audit().is_sound()


def test_an_item_deleted_from_the_inbox_is_found(run: Run) -> None:
    run.books.entries.pop()
    assert run.causes() == {"not-in-inbox", "effect-without-item"}


def test_a_case_deleted_from_the_server_is_found(run: Run) -> None:
    run.books.results.pop()
    assert run.causes() == {"no-effect"}


def test_a_photo_deleted_from_the_store_is_found(run: Run) -> None:
    run.books.store.popitem()
    audit = run.audit()
    assert {finding.cause for finding in audit.findings} == {"photo-missing"}
    assert audit.tally.photos_missing == 1


def test_a_photo_still_on_its_way_is_undelivered_not_lost(run: Run) -> None:
    sha256, _ = run.books.store.popitem()
    run.outbox("UPDATE photos SET state = 'pending' WHERE sha256 = ?", sha256)
    assert run.causes() == {"photo-unsent"}
    assert run.audit().tally.lost == 0


def test_a_photo_whose_bytes_changed_in_the_store_is_found(run: Run) -> None:
    run.books.store[next(iter(run.books.store))] = "0" * 64
    assert run.causes() == {"photo-wrong-bytes"}


def test_a_photo_that_the_evidence_forgot_is_found(run: Run) -> None:
    run.books.evidence.popitem()
    assert run.causes() == {"photo-not-declared"}


def test_a_second_case_of_one_item_is_doubled(run: Run) -> None:
    run.books.results.append(replace(run.books.results[0], id="another"))
    audit = run.audit()
    assert {(finding.verdict, finding.cause) for finding in audit.findings} == {(Verdict.DOUBLED, "doubled-effect")}


def test_an_item_stored_twice_is_doubled(run: Run) -> None:
    run.books.entries.append(run.books.entries[0])
    assert run.causes() == {"stored-twice", "two-primaries"}


def test_an_item_without_a_primary_is_found(run: Run) -> None:
    run.books.entries[0] = replace(run.books.entries[0], is_primary=False)
    assert run.causes() == {"no-primary"}


def test_content_that_no_handset_wrote_is_found(run: Run) -> None:
    run.books.entries.append(replace(run.books.entries[0], fingerprint="0" * 64, is_primary=False))
    assert run.causes() == {"other-content"}


def test_an_item_of_an_install_that_wrote_nothing_like_it_is_found(run: Run) -> None:
    run.books.entries.append(replace(run.books.entries[0], item_id="stranger"))
    assert run.causes() == {"phantom"}


def test_a_folder_without_a_run_is_named(tmp_path: Path, run: Run) -> None:
    with pytest.raises(FileNotFoundError, match=r"crew\.json"):
        audit_run(tmp_path / "nowhere", run.books)


def test_the_crew_list_is_read_back_as_written(run: Run) -> None:
    listed = json.loads((run.folder / "crew.json").read_text(encoding="utf-8"))
    assert [post["number"] for post in listed] == [1]
