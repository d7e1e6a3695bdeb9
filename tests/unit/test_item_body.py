"""An item's body: believed only if it can be read, agrees with its head, and its officer signed it."""

import base64
import json
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.body import BodyError, check_signature, read_body
from sync.envelope import read_item
from sync.handset.key import DeviceKey
from sync.item import Item, RawItem, fingerprint_of

INSTALL_ID = uuid4()
KEY = DeviceKey.make()
INDEXED = ("id", "dseq", "kind", "kv", "officer_id")


def document(**changed: object) -> dict[str, Any]:
    sound = {
        "id": "01890a5d-ac96-774b-bcce-b302099a8057",
        "dseq": 119,
        "prev": None,
        "kind": "report",
        "kv": 1,
        "officer_id": "01890a5d-ac96-774b-bcce-b302099a8058",
        "captured": {"wall": "2026-11-22T08:31:02.120+08:00", "boot_id": "b7", "mono_ms": 8123400, "gnss_time": None},
        "payload": {"description": "暴露垃圾"},
    }
    return {**sound, **changed}


def as_raw(text: str, head: dict[str, Any] | None = None) -> RawItem:
    index = document() if head is None else head
    element = {**{name: index.get(name) for name in INDEXED}, "body": text}
    fingerprint = fingerprint_of(text.encode("utf-8", "surrogatepass"))
    raw = read_item(0, {**element, "h": fingerprint})
    assert isinstance(raw, RawItem)
    return raw


def read(text: str, head: dict[str, Any] | None = None) -> Item:
    return read_body(as_raw(text, head), INSTALL_ID)


def flaw_of(text: str, head: dict[str, Any] | None = None) -> str:
    with pytest.raises(BodyError) as caught:
        read(text, head)
    assert caught.value.detail.endswith(".") or ":" in caught.value.detail
    return caught.value.slug


def test_a_sound_body_is_read() -> None:
    item = read(json.dumps(document(), ensure_ascii=False))
    assert str(item.officer_id) == document()["officer_id"]
    assert (item.kind, item.kv, item.dseq, item.prev) == ("report", 1, 119, None)
    assert item.payload == {"description": "暴露垃圾"}
    assert item.captured.mono_ms == 8123400
    assert item.install_id == INSTALL_ID


@pytest.mark.parametrize("member", INDEXED)
def test_a_member_that_differs_outside_and_inside_is_a_head_mismatch(member: str) -> None:
    other = {"id": str(uuid4()), "dseq": 120, "kind": "task_event", "kv": 2, "officer_id": str(uuid4())}
    body = json.dumps(document(**{member: other[member]}))
    # The id is compared as text against the head that came with it.
    assert flaw_of(body, document()) == "head-mismatch"


@pytest.mark.parametrize("member", INDEXED)
def test_a_member_that_is_missing_inside_is_a_head_mismatch(member: str) -> None:
    inside = document()
    del inside[member]
    assert flaw_of(json.dumps(inside), document()) == "head-mismatch"


@pytest.mark.parametrize("member", INDEXED)
def test_a_member_that_is_missing_outside_is_a_head_mismatch(member: str) -> None:
    raw = as_raw(json.dumps(document()))
    head = json.loads(raw.head)
    del head[member]
    without = RawItem(**{**vars(raw), "head": json.dumps(head), "indexed": None})
    with pytest.raises(BodyError, match=member):
        read_body(without, INSTALL_ID)


@pytest.mark.parametrize("text", ["", "{", "nonsense", "{}{}", "'a'", '{"a": NaN}', '{"a": -Infinity}', "\ufeff{}"])
def test_a_text_that_is_no_json_is_not_an_item(text: str) -> None:
    assert flaw_of(text) == "not-an-item"


@pytest.mark.parametrize("text", ["null", "5", '"text"', "[]", "true", "1e400"])
def test_json_that_is_no_object_is_not_an_item(text: str) -> None:
    assert flaw_of(text) == "not-an-item"


def test_a_lone_surrogate_in_the_text_is_not_an_item() -> None:
    assert flaw_of('{"description": "\ud83d"}') == "not-an-item"


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_body_nested_a_hundred_thousand_deep_is_not_an_item(opening: str) -> None:
    closing = {"[": "]", '{"a":': "1}"}[opening]
    assert flaw_of(opening * 100_000 + closing * 100_000) == "not-an-item"


def test_a_number_of_a_hundred_thousand_digits_is_not_an_item() -> None:
    assert flaw_of(json.dumps(document())[:-1] + ', "x": ' + "9" * 100_000 + "}") == "not-an-item"


@pytest.mark.parametrize("member", ["kind", "officer_id", "payload", "x"])
def test_an_item_nested_as_deep_as_the_parser_lets_through_is_a_flaw_and_no_other_error(member: str) -> None:
    shallow = as_raw(json.dumps(document()))
    for depth in range(850, 1000):
        inside = json.dumps(document(**{member: "here"})).replace('"here"', "[" * depth + "]" * depth)
        head = json.dumps({**json.loads(shallow.head), member: "here"}).replace('"here"', "[" * depth + "]" * depth)
        deep = RawItem(**{**vars(shallow), "head": head, "body": inside.encode()})
        with suppress(BodyError):
            assert read_body(deep, INSTALL_ID).payload


@pytest.mark.parametrize(
    ("member", "wrong"),
    [
        ("officer_id", None),
        ("officer_id", 5),
        ("officer_id", "nobody"),
        ("officer_id", []),
        ("kind", None),
        ("kind", ""),
        ("kind", 5),
        ("kind", ["report"]),
        ("kv", None),
        ("kv", "1"),
        ("kv", True),
        ("kv", 1.0),
        ("kv", -1),
        ("kv", 2**63),
        ("dseq", None),
        ("dseq", -1),
        ("dseq", "119"),
        ("dseq", 1.5),
        ("payload", None),
        ("payload", []),
        ("payload", "text"),
    ],
)
def test_a_member_of_the_wrong_type_is_not_an_item(member: str, wrong: object) -> None:
    inside = document(**{member: wrong})
    assert flaw_of(json.dumps(inside), inside) == "not-an-item"


@pytest.mark.parametrize("kind", ["\0", "re\nport", "\ud800", "举报", "k" * 33])
def test_a_kind_that_no_release_could_ever_have_is_not_an_item(kind: str) -> None:
    inside = document(kind=kind)
    assert flaw_of(json.dumps(inside), inside) == "not-an-item"


@pytest.mark.parametrize(
    "captured", [None, 5, [], "now", {}, {"wall": 5, "boot_id": 5, "mono_ms": "5", "gnss_time": 5}]
)
def test_wrong_clocks_never_refuse_an_item(captured: object) -> None:
    found = read(json.dumps(document(captured=captured))).captured
    assert (found.wall, found.boot_id, found.mono_ms, found.gnss_time) == ("", None, None, None)


@given(st.text(st.characters(), max_size=200))
def test_any_text_is_an_item_or_a_flaw(text: str) -> None:
    with pytest.raises(BodyError):
        read(text)


@given(
    st.dictionaries(
        st.sampled_from([*INDEXED, "prev", "captured", "payload"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.lists(st.integers()),
        min_size=1,
    )
)
def test_any_members_make_an_item_or_a_flaw(changed: dict[str, Any]) -> None:
    inside = document(**changed)
    with suppress(BodyError):
        assert read(json.dumps(inside), inside).kind == inside["kind"]


def signed(install_id: UUID = INSTALL_ID, key: DeviceKey = KEY) -> tuple[Item, dict[str, Any]]:
    item = read(json.dumps(document()))
    return item, {"alg": "ES256", "value": key.sign(str(install_id), item.key.fingerprint)}


def public(key: DeviceKey) -> bytes:
    return base64.urlsafe_b64decode(key.public()["key"] + "==")


def refusal(signature: object, item: Item, key: DeviceKey = KEY) -> str:
    with pytest.raises(BodyError) as caught:
        check_signature(item, None if signature is None else json.dumps(signature), public(key))
    assert caught.value.slug == "bad-signature"
    return caught.value.detail


def test_the_officers_own_signature_is_believed() -> None:
    item, signature = signed()
    check_signature(item, json.dumps(signature), public(KEY))


def test_a_signature_of_another_key_is_refused() -> None:
    item, signature = signed(key=DeviceKey.make())
    assert "not made by" in refusal(signature, item)


def test_a_signature_for_another_install_is_refused() -> None:
    item, signature = signed(install_id=uuid4())
    assert "not made by" in refusal(signature, item)


def test_a_signature_over_another_body_is_refused() -> None:
    _, signature = signed()
    other = read(json.dumps(document(prev="0" * 64)))
    assert "not made by" in refusal(signature, other)


@pytest.mark.parametrize("place", [0, 31, 32, 63])
def test_one_changed_byte_of_a_signature_is_refused(place: int) -> None:
    item, signature = signed()
    value = bytearray(base64.urlsafe_b64decode(signature["value"] + "=="))
    value[place] ^= 1
    damaged = base64.urlsafe_b64encode(value).decode().rstrip("=")
    assert "not made by" in refusal({**signature, "value": damaged}, item)


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        {},
        {"alg": "ES256"},
        {"alg": "none", "value": ""},
        {"alg": "HS256", "value": "A" * 86},
        {"alg": "ES256", "value": None},
        {"alg": "ES256", "value": ""},
        {"alg": "ES256", "value": "A"},
        {"alg": "ES256", "value": "街面"},
        {"alg": "ES256", "value": "\ud800"},
        {"alg": "ES256", "value": "A" * 86},
        {"alg": "ES256", "value": "_" * 86},
        {"alg": ["ES256"], "value": "A" * 86},
    ],
)
def test_a_signature_of_the_wrong_form_is_refused(wrong: object) -> None:
    refusal(wrong, signed()[0])
