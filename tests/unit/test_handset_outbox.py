"""The handset's outbox and mirror: whole or nothing, written once, never deleted."""

import hashlib
import json
import sqlite3
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from support.field_server import OFFICERS, FieldServer, running_field_server
from support.street_clock import StreetClock

from sync.fleet.books import read_outbox
from sync.handset import Handset, ItemTooLarge, LineBroken, NotEnrolled, Refused, Snap
from sync.handset.mirror import Mirror
from sync.handset.store import Store

REPORT = {"category": {"scheme": "s", "code": "0101"}, "description": "暴露垃圾", "position": {"lon": 1, "lat": 2}}


@pytest.fixture
def server() -> Iterator[FieldServer]:
    with running_field_server() as state:
        yield state


@pytest.fixture
def handset(server: FieldServer, tmp_path: Path) -> Iterator[Handset]:
    with Handset(tmp_path, server.url) as handset:
        handset.enrol(server.code_for())
        yield handset


def photo(n: int, size: int = 2000) -> Snap:
    return Snap("near", bytes([n]) * size)


def test_recording_before_enrolment_says_what_to_do(tmp_path: Path) -> None:
    with Handset(tmp_path, "http://127.0.0.1:1") as handset, pytest.raises(NotEnrolled, match="administrator"):
        handset.record("report", REPORT)


def test_a_lost_enrolment_answer_is_repeated_for_the_same_key(server: FieldServer, tmp_path: Path) -> None:
    code = server.code_for()
    server.lose_answers = 1
    with Handset(tmp_path, server.url) as handset:
        with pytest.raises(LineBroken):
            handset.enrol(code)
        handset.enrol(code)
        assert handset.install_id == server.enrolled[code]["install_id"]
    assert len(server.installs) == 1


def test_a_used_code_is_refused_to_another_handset(server: FieldServer, handset: Handset, tmp_path: Path) -> None:
    code = next(iter(server.enrolled))
    with Handset(tmp_path / "other", server.url) as other, pytest.raises(Refused) as refusal:
        other.enrol(code)
    assert refusal.value.slug == "code-used"


def test_an_item_is_one_text_that_carries_identity_order_and_photos(handset: Handset) -> None:
    first = handset.outbox.item(handset.record("report", REPORT))
    second = handset.outbox.item(handset.record("report", REPORT, [photo(1)]))
    body = json.loads(second.body)
    assert (body["id"], body["dseq"], body["prev"]) == (second.id, 2, first.fingerprint)
    assert second.fingerprint == hashlib.sha256(second.body.encode()).hexdigest()
    assert body["payload"]["photos"][0]["sha256"] == hashlib.sha256(photo(1).data).hexdigest()
    assert second.id[14] == "7"


def test_the_signature_fits_the_enrolled_key_and_no_other_install(server: FieldServer, handset: Handset) -> None:
    item = handset.outbox.item(handset.record("report", REPORT))
    der = next(iter(next(iter(server.enrolled.values()))["keys"].values()))
    public = serialization.load_der_public_key(urlsafe_b64decode(der + "=" * (-len(der) % 4)))
    assert isinstance(public, ec.EllipticCurvePublicKey)
    raw = urlsafe_b64decode(item.signature + "==")
    assert len(raw) == 64
    signature = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    signed = b"fieldsync1\0" + handset.install_id.encode() + item.fingerprint.encode()
    public.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        public.verify(signature, signed.replace(b"fieldsync1", b"fieldsync2"), ec.ECDSA(hashes.SHA256()))


def test_an_item_that_could_never_be_delivered_is_not_made(handset: Handset) -> None:
    with pytest.raises(ItemTooLarge):
        handset.record("report", {**REPORT, "description": "x" * 300_000})
    assert handset.outbox.made() == 0
    handset.record("report", REPORT)
    assert handset.outbox.items()[0].dseq == 1


def test_a_kill_between_photo_and_item_leaves_no_half_item(handset: Handset, tmp_path: Path) -> None:
    handset.record("report", REPORT)
    handset.album.keep(photo(9))
    book = read_outbox(tmp_path)
    assert (book.made, len(book.items), len(book.photos)) == (1, 1, 0)


def test_a_kill_inside_the_item_transaction_leaves_nothing_of_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.execute("BEGIN IMMEDIATE")
    store.write_note("dseq", "1")
    store.execute(
        "INSERT INTO items (dseq, id, kind, kv, officer_id, body, fingerprint, sig)"
        " VALUES (1, 'a', 'report', 1, 'o', '{}', 'f', 's')"
    )
    store.close()
    again = Store(tmp_path)
    assert again.note("dseq") is None
    assert again.execute("SELECT * FROM items") == []
    again.close()


def test_the_outbox_survives_a_restart(server: FieldServer, handset: Handset, tmp_path: Path) -> None:
    item_id = handset.record("report", REPORT, [photo(1)])
    before = handset.outbox.item(item_id)
    handset.close()
    with Handset(tmp_path, server.url) as again:
        assert again.outbox.item(item_id) == before
        again.record("report", REPORT)
        first, second = again.outbox.items()
        assert json.loads(second.body)["prev"] == first.fingerprint
        assert again.sync().answers == {"applied": 2}


def test_a_batch_keeps_to_items_and_bytes_but_always_moves(handset: Handset) -> None:
    for n in range(5):
        handset.record("report", {**REPORT, "description": "x" * 1000 * n})
    outbox = handset.outbox
    assert [item.dseq for item in outbox.batch(max_items=3, max_bytes=10**6)] == [1, 2, 3]
    assert [item.dseq for item in outbox.batch(max_items=9, max_bytes=3500)] == [1, 2]
    assert [item.dseq for item in outbox.batch(max_items=9, max_bytes=1)] == [1]


def test_an_acknowledged_item_stays_in_the_outbox_with_its_answer(handset: Handset) -> None:
    item_id = handset.record("report", REPORT)
    handset.sync()
    item = handset.outbox.item(item_id)
    assert item.state == "applied"
    assert item.answer is not None
    assert "case_id" in item.answer
    assert handset.outbox.unsent_count() == 0


def test_a_transaction_that_fails_changes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def half() -> None:
        with store.transaction():
            store.write_note("dseq", "1")
            store.execute("INSERT INTO items (dseq) VALUES (1)")

    with pytest.raises(sqlite3.IntegrityError):
        half()
    assert store.note("dseq") is None
    store.close()


def task(name: str) -> dict[str, object]:
    return {"op": "put", "type": "task", "id": name, "v": "0" * 16, "data": {"task_id": name}}


def page(changes: list[dict[str, object]], cursor: str, *, more: bool = False) -> dict[str, object]:
    return {"mode": "delta", "changes": changes, "next_cursor": cursor, "has_more": more}


def names(mirror: Mirror) -> list[str]:
    return [entity["task_id"] for entity in mirror.entities("task")]


def test_a_page_and_its_cursor_are_applied_together(handset: Handset) -> None:
    mirror = handset.mirror
    mirror.apply(page([task("a"), task("b")], "c1"))
    mirror.apply(page([{"op": "drop", "type": "task", "id": "a", "reason": "closed"}], "c2"))
    assert (names(mirror), mirror.cursor()) == (["b"], "c2")
    with pytest.raises(KeyError):
        mirror.apply(page([task("c"), {"op": "put", "type": "task"}], "c3"))
    assert (names(mirror), mirror.cursor()) == (["b"], "c2")


def test_items_are_chained_without_gaps(handset: Handset, tmp_path: Path) -> None:
    for _ in range(4):
        handset.record("report", REPORT)
    items = read_outbox(tmp_path).items
    assert [item.dseq for item in items] == [1, 2, 3, 4]
    assert all(later.previous == earlier.fingerprint for earlier, later in pairwise(items))


def requests_of(folder: Path, seed: int) -> list[bytes]:
    """Return what a handset sends on a day that depends on nothing but its seed."""
    sent: list[bytes] = []
    officer = {"id": OFFICERS[0]["id"], "name": "n"}
    enrolled = {"protocol": 1, "epoch": "e", "install_id": "i", "credential": "c", "officer": officer, "limits": {}}

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.read())
        if request.url.path.endswith("/enrol"):
            return httpx.Response(201, json=enrolled)
        raise httpx.ConnectError("no signal", request=request)

    chance = Random(seed)  # noqa: S311 (repeatable)
    line = httpx.MockTransport(answer)
    with Handset(folder, "http://x", clock=StreetClock(), transport=line, random=chance, free_mb=lambda: 9) as handset:
        handset.enrol("code")
        handset.record("report", REPORT, [photo(1)])
        for step in (handset.sync, handset.renew_session, handset.rotate):
            with pytest.raises(LineBroken):
                step()
    return sent


def test_the_same_seed_sends_the_same_bytes(tmp_path: Path) -> None:
    first, second, other = (requests_of(tmp_path / str(n), seed) for n, seed in enumerate((1, 1, 2)))
    assert len(first) == 4
    assert first == second
    assert all(one != another for one, another in zip(first, other, strict=True))
