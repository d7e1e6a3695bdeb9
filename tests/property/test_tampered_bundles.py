"""Every tampering of evidence.md section 6 with a bundle is found, and the right photograph is named."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from support.made_bundle import (
    CASE,
    INSTALL,
    Files,
    Maker,
    Text,
    event,
    made,
    note,
    packed,
    record,
    sha256,
    sums_of,
    written,
)

from server.casework.bundle import verify
from sync.handset.key import DeviceKey

Report = dict[str, Any]
PHOTOS = [b"first photograph", b"second photograph", b"third photograph"]
MAKER = made(PHOTOS)
FILES = MAKER.files()
one_of_three = st.integers(0, 2)
photographs = st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=6, unique=True)


def judged(files: Files | bytes, *keys: str, known: Iterable[str] = ()) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.zip"
        path.write_bytes(files if isinstance(files, bytes) else packed(files))
        return verify.as_json(verify.judge(str(path), keys or (MAKER.verifier,), known=list(known)))


def states(report: Report, column: str) -> list[str]:
    """Return what became of one check of each photograph."""
    return [photo["checks"][column]["state"] for photo in report["photos"]]


def only(number: int, column: str, report: Report) -> None:
    """Demand that exactly this photograph has a fault in the column, and that the bundle counts as wrong."""
    assert states(report, column) == ["wrong" if place == number else "right" for place in range(3)], report
    assert report["status"] == 1


def changed(name: str, change: Callable[[Any], object], files: Files = FILES) -> Files:
    """Return the files with a JSON document changed and SHA256SUMS written anew, as a careful forger would."""
    document = json.loads(files[name])
    change(document)
    return resummed({**files, name: written(document)})


def resummed(files: Files) -> Files:
    return {**files, "SHA256SUMS": sums_of(files)}


def resealed(files: Files, maker: Maker = MAKER) -> Files:
    """Return the files exported anew, which takes the operator: only the signed texts still resist."""
    kept = {name: content for name, content in files.items() if name not in {"SHA256SUMS", "log.json"}}
    events = [json.loads(one["record"]) for one in json.loads(FILES["log.json"])["logs"][-1]["events"]]
    return maker.sealed(kept, [one for one in events if one["kind"] != "exported"])


def events_of(document: Any) -> list[Any]:  # noqa: ANN401 (log.json)
    events: list[Any] = document["logs"][-1]["events"]
    return events


def about(photo: bytes, kind: str, document: Any) -> Any:  # noqa: ANN401 (log.json)
    """Return the log's entry of this kind about a photograph."""
    return next(
        each for each in events_of(document) if f'"kind":"{kind}"' in each["record"] and sha256(photo) in each["record"]
    )


@given(photographs, st.integers(0, 40), st.booleans())
def test_an_untouched_bundle_is_right(photos: list[bytes], other_events: int, with_earlier: bool) -> None:  # noqa: FBT001 (drawn)
    maker = made(photos, other_events=other_events, earlier_at=(1, 2, 3) if with_earlier else ())
    report = judged(maker.files(), maker.verifier)
    assert report["status"] == 0, report
    for column in ("bytes", "device signature", "in log", "checkpoint", "order"):
        assert set(states(report, column)) == {"right"}
    assert set(states(report, "time token")) == {"none"}


@given(one_of_three, st.data())
def test_a_flipped_bit_in_a_photo_is_found(number: int, data: st.DataObject) -> None:
    name = f"originals/{sha256(PHOTOS[number])}.jpg"
    content = bytearray(FILES[name])
    bit = data.draw(st.integers(0, 8 * len(content) - 1))
    content[bit // 8] ^= 1 << bit % 8
    report = judged({**FILES, name: bytes(content)})
    only(number, "bytes", report)
    assert report["bundle"]["files"]["state"] == "wrong"


@given(one_of_three, st.sampled_from(["declared", "received"]), st.data())
def test_an_edited_record_is_found(number: int, kind: str, data: st.DataObject) -> None:
    def edit(document: Any) -> None:  # noqa: ANN401 (log.json)
        entry = about(PHOTOS[number], kind, document)
        said = json.loads(entry["record"])
        member = data.draw(st.sampled_from(["at", "salt", "actor"]))
        said[member] = {"at": "2026-11-21T00:00:00.000000Z", "salt": "11" * 16, "actor": "another"}[member]
        entry["record"] = record(said)

    only(number, "in log", judged(changed("log.json", edit)))


@given(one_of_three, st.sampled_from(["declared", "received"]))
def test_a_removed_record_is_found(number: int, kind: str) -> None:
    def remove(document: Any) -> None:  # noqa: ANN401 (log.json)
        events_of(document).remove(about(PHOTOS[number], kind, document))

    only(number, "in log", judged(changed("log.json", remove)))


@given(st.integers(0, 2))
def test_a_removed_record_that_no_photograph_needs_is_found(number: int) -> None:
    def remove(document: Any) -> None:  # noqa: ANN401 (log.json)
        seen = [each for each in events_of(document) if '"kind":"viewed"' in each["record"]]
        events_of(document).remove(seen[number])

    report = judged(changed("log.json", remove))
    assert (report["status"], report["bundle"]["custody log"]["state"]) == (1, "wrong")


@given(st.permutations(range(3)).filter(lambda order: order != [0, 1, 2]), st.booleans())
def test_a_reordered_log_is_found(order: list[int], with_positions: bool) -> None:  # noqa: FBT001 (drawn)
    def reorder(document: Any) -> None:  # noqa: ANN401 (log.json)
        entries = [about(photo, "declared", document) for photo in PHOTOS]
        members = ["record", "id", *(["position"] * with_positions)]
        before = [{member: entry[member] for member in members} for entry in entries]
        for entry, source in zip(entries, order, strict=True):
            entry.update(before[source])

    report = judged(changed("log.json", reorder))
    moved = ["wrong" if order[place] != place else "right" for place in range(3)]
    assert (states(report, "in log"), report["status"]) == (moved, 1)


@given(st.integers(0, 8), st.integers(0, 2))
def test_a_reused_proof_is_found(other: int, number: int) -> None:
    def reuse(document: Any) -> None:  # noqa: ANN401 (log.json)
        entry = about(PHOTOS[number], "received", document)
        source = [each for each in events_of(document) if each is not entry][other % 9]
        entry |= {"proof": source["proof"], "position": source["position"]}

    report = judged(changed("log.json", reuse))
    assert states(report, "in log")[number] == "wrong"
    assert report["status"] == 1


def test_a_record_that_stands_at_two_places_is_found() -> None:
    def double(document: Any) -> None:  # noqa: ANN401 (log.json)
        events_of(document).append(about(PHOTOS[0], "received", document))

    report = judged(changed("log.json", double))
    assert report["bundle"]["custody log"]["state"] == "wrong"


@given(st.permutations(range(3)).filter(lambda order: order != [0, 1, 2]))
def test_swapped_signatures_are_found(order: list[int]) -> None:
    names = [f"items/{INSTALL}/{text.item_id}.json" for text in MAKER.texts]
    heads = [json.loads(FILES[name]) for name in names]
    files = dict(FILES)
    for place, source in enumerate(order):
        files[names[place]] = written({**heads[place], "sig": heads[source]["sig"]})
    moved = ["wrong" if order[place] != place else "right" for place in range(3)]
    for report in (judged(resummed(files)), judged(resealed(files))):
        assert (states(report, "device signature"), report["status"]) == (moved, 1)


@given(one_of_three, st.sampled_from(["photo", "clock", "anything"]))
def test_an_edited_text_is_found_even_when_it_is_exported_anew(number: int, what: str) -> None:
    text = MAKER.texts[number]
    name = f"items/{INSTALL}/{text.item_id}"
    body = FILES[f"{name}.body"]
    forged = {
        "photo": body.replace(sha256(PHOTOS[number]).encode(), sha256(b"another").encode()),
        "clock": body.replace(b"2026-11-22T00", b"2026-11-21T00"),
        "anything": body.replace(b'"kv": 1', b'"kv": 2'),
    }[what]
    head = {**json.loads(FILES[f"{name}.json"]), "fingerprint": sha256(forged)}
    only(number, "device signature", judged(resealed({**FILES, f"{name}.body": forged})))
    both = {**FILES, f"{name}.body": forged, f"{name}.json": written(head)}
    assert states(judged(resealed(both)), "device signature")[number] == "wrong"


def test_a_key_that_was_never_enrolled_is_found() -> None:
    thief = DeviceKey.make()
    forged = replace(MAKER, device=thief).files()
    mine = {name: forged[name] for name in forged if name.startswith("items/") or name == "keys.json"}
    keys = json.loads(mine["keys.json"])
    keys["keys"][0]["enrolled_event"] = json.loads(FILES["keys.json"])["keys"][0]["enrolled_event"]
    report = judged(resealed({**FILES, **mine, "keys.json": written(keys)}))
    assert (set(states(report, "device signature")), report["status"]) == ({"wrong"}, 1)


def test_a_checkpoint_of_another_key_is_found() -> None:
    forged = replace(MAKER, log_key=Ed25519PrivateKey.generate())
    report = judged(forged.files())
    assert (set(states(report, "checkpoint")), report["status"]) == ({"wrong"}, 1)


def test_a_checkpoint_of_another_root_is_found() -> None:
    def fork(document: Any) -> None:  # noqa: ANN401 (log.json)
        log = document["logs"][-1]
        log["checkpoint"] = note(MAKER.log_key, MAKER.origin, [hashlib.sha256(b"x").digest()] * log["size"])

    report = judged(changed("log.json", fork))
    assert (set(states(report, "checkpoint")), report["status"]) == ({"wrong"}, 1)


@given(st.integers(1, 9))
def test_a_forked_log_is_found_by_a_checkpoint_known_outside(size: int) -> None:
    other = note(MAKER.log_key, MAKER.origin, [hashlib.sha256(b"\0x").digest()] * size)
    maker = replace(MAKER, earlier_at=(size,))
    report = judged(maker.files(), known=[other])
    assert (set(states(report, "checkpoint")), report["status"]) == ({"wrong"}, 1)


def test_a_fork_told_by_the_bundle_itself_is_found() -> None:
    files = replace(MAKER, earlier_at=(4,)).files()

    def fork(document: Any) -> None:  # noqa: ANN401 (log.json)
        earlier = document["logs"][-1]["earlier"][0]
        earlier["checkpoint"] = note(MAKER.log_key, MAKER.origin, [hashlib.sha256(b"\0x").digest()] * 4)

    report = judged(changed("log.json", fork, files))
    assert (set(states(report, "checkpoint")), report["status"]) == ({"wrong"}, 1)


def test_a_known_checkpoint_without_a_proof_is_not_passed_over() -> None:
    leaves = [hashlib.sha256(b"\0x").digest()] * 3
    report = judged(FILES, known=[note(MAKER.log_key, MAKER.origin, leaves)])
    assert (set(states(report, "checkpoint")), report["status"]) == ({"not checked"}, 2)


@given(st.integers(1, 2), st.integers(3, 100_000), st.booleans())
def test_a_backdated_item_is_found_although_its_device_signed_it(
    number: int,
    minutes: int,
    with_uptime: bool,  # noqa: FBT001 (drawn)
) -> None:
    texts = list(MAKER.texts)
    changes: dict[str, Any] = {"mono_ms": 1} if with_uptime else {"minute": texts[number].minute - minutes - 1}
    texts[number] = replace(texts[number], **changes)
    only(number, "order", judged(replace(MAKER, texts=texts).files()))


@given(one_of_three, st.integers(1, 10**9))
def test_a_time_of_capture_that_only_case_json_tells_is_found(number: int, seconds: int) -> None:
    def backdate(document: Any) -> None:  # noqa: ANN401 (case.json)
        document["evidence"][number]["captured_at"] = f"1996-01-01T00:00:{seconds % 60:02}Z"

    only(number, "device signature", judged(resealed(changed("case.json", backdate))))


def test_an_item_put_in_later_is_found_by_number_and_chain() -> None:
    last = MAKER.texts[2]
    for forged in (replace(last, number=2), replace(last, prev=None), replace(last, prev=sha256(b"never"))):
        report = judged(replace(MAKER, texts=[*MAKER.texts[:2], forged]).files())
        assert states(report, "order")[2] == "wrong"
        assert report["status"] == 1


def test_a_gap_is_wrong_unless_it_is_told() -> None:
    texts = [MAKER.texts[0], replace(MAKER.texts[2], number=5)]
    report = judged(replace(MAKER, texts=texts).files())
    assert (states(report, "order"), report["status"]) == (["right", "wrong"], 1)
    report = judged(replace(MAKER, texts=texts, missing_dseq=[4]).files())
    assert (states(report, "order"), report["status"]) == (["right", "not checked"], 2)


def test_a_neighbours_head_closes_the_gap() -> None:
    texts = [MAKER.texts[0], Text(2, minute=2, whole=False), MAKER.texts[2]]
    assert judged(replace(MAKER, texts=texts).files())["status"] == 0


@given(st.sampled_from(sorted(set(FILES) - {"log.json", "SHA256SUMS"})), st.data())
def test_no_file_changes_after_the_export(name: str, data: st.DataObject) -> None:
    content = bytearray(FILES[name])
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    files = {**FILES, name: bytes(content)}
    for forged in (files, resummed(files)):
        assert judged_or_refused(forged) == 1


def judged_or_refused(files: Files | bytes) -> int:
    """Return the exit status; a bundle that cannot be judged is wrong."""
    try:
        return int(judged(files)["status"])
    except (verify.Flaw, verify.Unable):
        return 1


@given(one_of_three, st.sampled_from(["renamed", "gone", "gone and listed nowhere", "twice", "other letters"]))
def test_a_photo_under_another_name_or_gone_is_found(number: int, how: str) -> None:
    name = f"originals/{sha256(PHOTOS[number])}.jpg"
    rest = {each: content for each, content in FILES.items() if each != name}
    if how == "renamed":
        report = judged({**rest, f"originals/{sha256(b'x')}.jpg": FILES[name]})
    elif how == "gone":
        report = judged(rest)
    elif how == "gone and listed nowhere":
        report = judged(resummed(rest))
    else:
        other = name if how == "twice" else name.upper()
        report = judged(_with_double(name, other))
    only(number, "bytes", report)
    assert report["bundle"]["files"]["state"] == "wrong" or how == "gone and listed nowhere"


def _with_double(name: str, other: str) -> bytes:
    """Return a ZIP with a second file of this name, which another reader may take for the first."""
    files = {**FILES, "zz": b"what another reader shows"}
    content = packed({each: files[each] for each in files if each != name} | {name: files[name]})
    placeholder = "zz" + "z" * (len(other) - 2)
    content = packed({**{each: files[each] for each in files if each != "zz"}, placeholder: files["zz"]})
    return content.replace(placeholder.encode(), other.encode())


@given(st.sampled_from(["originals/extra.jpg", "items/x/y.json", "note.txt", "../up", "/root", "a\\b", "C:x", "x/"]))
def test_an_extra_file_is_found(name: str) -> None:
    for forged in ({**FILES, name: b"{}"}, resummed({**FILES, name: b"{}"})):
        assert judged_or_refused(forged) == 1


@given(one_of_three)
def test_a_photo_left_out_of_the_case_is_found(number: int) -> None:
    report = judged(resealed(changed("case.json", lambda document: document["evidence"].pop(number))))
    assert (report["status"], report["bundle"]["records"]["state"]) == (1, "wrong")


@given(one_of_three)
def test_a_photo_without_a_signed_text_is_found(number: int) -> None:
    name = f"items/{INSTALL}/{MAKER.texts[number].item_id}"
    rest = {each: content for each, content in FILES.items() if not each.startswith(name)}
    report = judged(resealed(rest))
    assert states(report, "device signature")[number] == "wrong"
    assert report["bundle"]["records"]["state"] == "wrong"


def test_an_absent_photo_is_told_and_no_silent_pass() -> None:
    report = judged(replace(MAKER, absent={sha256(PHOTOS[1]): "it has not arrived"}).files())
    assert (states(report, "bytes"), report["status"]) == (["right", "not checked", "right"], 2)
    assert "it has not arrived" in report["photos"][1]["checks"]["bytes"]["why"][0]


def test_without_the_log_key_nothing_is_wrong_and_not_all_is_right() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.zip"
        path.write_bytes(packed(FILES))
        report = verify.as_json(verify.judge(str(path)))
    assert (set(states(report, "checkpoint")), report["status"]) == ({"not checked"}, 2)


def test_a_bundle_unbound_by_its_export_is_wrong() -> None:
    events = [event("viewed", ("photo", "0" * 64), 500, {})]
    kept = {name: content for name, content in FILES.items() if name not in {"SHA256SUMS", "log.json"}}
    files = {**MAKER.sealed(kept, events), "SHA256SUMS": sums_of(kept)}
    log = json.loads(files["log.json"])
    log["logs"][-1] = MAKER.log([*events, event("exported", ("case", CASE), 600, {"sha256sums": "0" * 64})])
    report = judged({**files, "log.json": written(log)})
    assert report["bundle"]["export record"]["state"] == "wrong"


def blanked(document: Any) -> None:  # noqa: ANN401 (log.json)
    """Leave only the leaf of the record that the second photograph was declared, as a disposal does."""
    entry = about(PHOTOS[1], "declared", document)
    leaf = hashlib.sha256(b"\0" + entry["record"].encode()).hexdigest()
    entry.update(record=None, leaf=leaf)


def test_a_lawfully_disposed_record_is_told_and_a_blank_one_is_wrong() -> None:
    shown = json.loads(FILES["case.json"])["evidence"][1]
    entry = about(PHOTOS[1], "declared", json.loads(FILES["log.json"]))
    for named, state in ((entry["id"], "not checked"), ("another", "wrong")):
        disposed = event("disposed", ("evidence", shown["id"]), 500, {"events": [named]})
        events = [json.loads(one["record"]) for one in events_of(json.loads(FILES["log.json"]))]
        kept = {name: content for name, content in FILES.items() if name not in {"SHA256SUMS", "log.json"}}
        files = MAKER.sealed(kept, [*(one for one in events if one["kind"] != "exported"), disposed])
        report = judged(changed("log.json", blanked, files))
        assert states(report, "in log") == ["right", state, "right"]


def test_a_chain_of_logs_is_followed_and_a_false_link_is_found() -> None:
    former = replace(MAKER, epoch="e0")
    maker = replace(made([b"after the restore"]), former=former, log_key=MAKER.log_key)
    files = maker.files()
    assert judged(files, maker.verifier)["status"] == 0

    def shorten(document: Any) -> None:  # noqa: ANN401 (log.json)
        document["logs"][0].update(former.log([event("viewed", ("photo", "0" * 64), 1, {})]))

    report = judged(changed("log.json", shorten, files), maker.verifier)
    assert (report["status"], report["bundle"]["custody log"]["state"]) == (1, "wrong")


@given(st.data())
def test_whatever_is_flipped_in_the_zip_a_right_bundle_holds_the_same_files(data: st.DataObject) -> None:
    content = bytearray(packed(FILES))
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    if judged_or_refused(bytes(content)) == 0:
        assert _read(bytes(content)) == FILES


def _read(content: bytes) -> Files:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.zip"
        path.write_bytes(content)
        files = verify.Zipped(str(path))
        return {name: b"".join(files.blocks(name)) for name in files.sizes}
