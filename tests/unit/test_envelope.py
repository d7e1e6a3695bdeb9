"""The envelope of a push: whatever stands in `items`, each element gets exactly one place in the answer."""

import json
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.engine import push
from sync.envelope import EnvelopeError, Push, read_item, read_push
from sync.item import Key, RawItem, Receipt, Refused, State, Verdict, fingerprint_of
from sync.limits import LIMITS

ITEM_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
BODY = '{"id": "01890a5d-ac96-774b-bcce-b302099a8057"}'


class Shelf:
    """An Inbox that stores and applies everything: the engine's answer then depends on the envelope alone."""

    def store(self, items: list[RawItem]) -> list[Receipt]:
        known = {raw.index: _quarantined(raw) for raw in items}
        return [Receipt(raw, raw.index, fresh=True, known=known[raw.index]) for raw in items]

    def interpret(self, keys: list[Key]) -> dict[Key, Verdict]:
        return {key: Verdict(State.APPLIED) for key in keys}

    def set_aside(self, key: Key, error: Exception) -> Verdict:
        raise AssertionError(key) from error


def _quarantined(raw: RawItem) -> Verdict | None:
    return None if raw.flaw is None else Verdict(State.QUARANTINED, {"slug": raw.flaw[0]})


def sound(**changed: object) -> dict[str, Any]:
    return {"id": ITEM_ID, "dseq": 1, "kind": "report", "kv": 1, "body": BODY, "h": _hash(BODY), **changed}


def _hash(text: str) -> str:
    return fingerprint_of(text.encode("utf-8", "surrogatepass"))


def read(**changed: object) -> RawItem:
    item = read_item(0, sound(**changed))
    assert isinstance(item, RawItem)
    return item


def test_a_sound_item_is_read_as_it_came() -> None:
    item = read()
    assert item.flaw is None
    assert item.key == Key(UUID(ITEM_ID), _hash(BODY))
    assert item.body == BODY.encode()
    assert (item.dseq, item.kind, item.kv) == (1, "report", 1)
    assert "body" not in json.loads(item.head)


@pytest.mark.parametrize("element", [None, True, 0, -1.5, "", "text", [], [[]], "\0", "\ud800"])
def test_an_element_that_is_no_object_is_kept_with_its_flaw(element: object) -> None:
    item = read_item(3, element)
    assert isinstance(item, RawItem)
    assert item.flaw is not None
    assert item.flaw[0] == "not-an-item"
    assert json.loads(item.body) == element
    assert item.key.fingerprint == fingerprint_of(item.body)


def test_the_same_unreadable_element_gets_the_same_identity_again() -> None:
    first, second = read_item(0, ["garbage"]), read_item(7, ["garbage"])
    assert isinstance(first, RawItem)
    assert isinstance(second, RawItem)
    assert first.key == second.key
    assert first.key != read_item(0, ["other garbage"]).key  # type: ignore[union-attr]  # both are RawItem


@pytest.mark.parametrize("wrong", [None, 5, "", "no uuid", ITEM_ID + "0", [ITEM_ID], {"id": ITEM_ID}, "\0" * 36])
def test_an_item_without_a_uuid_is_kept_with_its_flaw(wrong: object) -> None:
    assert read(id=wrong).flaw == ("not-an-item", "The item has no UUID as its id.")


@pytest.mark.parametrize("wrong", [None, 5, [], {"id": ITEM_ID}, True])
def test_an_item_whose_body_is_no_text_keeps_its_id(wrong: object) -> None:
    item = read(body=wrong)
    assert item.flaw == ("not-an-item", "The item's body is not a text.")
    assert item.key.item_id == UUID(ITEM_ID)


@pytest.mark.parametrize("wrong", [None, 5, "", "abc", [], _hash(BODY).upper(), _hash(BODY) + "0"])
def test_an_item_without_a_readable_fingerprint_is_kept_under_its_true_one(wrong: object) -> None:
    item = read(h=wrong)
    assert item.flaw is not None
    assert item.flaw[0] == "not-an-item"
    assert item.key.fingerprint == _hash(BODY)


def test_another_fingerprint_means_damage_on_the_way_so_the_item_is_not_stored() -> None:
    assert read_item(2, sound(h="0" * 64)) == Refused(2, ITEM_ID)


def test_a_body_over_the_limit_is_kept_with_its_flaw() -> None:
    most = LIMITS.max_item_bytes
    assert read(body="x" * most, h=_hash("x" * most)).flaw is None
    # Three bytes of UTF-8 each: bytes count, not characters.
    long = "街" * (most // 3 + 1)
    assert read(body=long, h=_hash(long)).flaw is not None


def test_a_lone_surrogate_is_kept_byte_for_byte() -> None:
    body = '{"description": "\ud83d"}'
    item = read(body=body, h=_hash(body))
    assert item.flaw is None
    assert item.body == body.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("wrong", [None, "1", 1.0, True, -1, 2**63, [], {}])
def test_a_wrong_index_member_counts_as_absent(wrong: object) -> None:
    assert read(dseq=wrong).dseq is None
    assert read(kv=wrong).kv is None


@pytest.mark.parametrize("wrong", [None, 1, [], "\0", "街面", "a\nb", "\ud800"])
def test_a_kind_that_no_table_can_hold_counts_as_absent(wrong: object) -> None:
    assert read(kind=wrong).kind is None


def test_a_long_kind_is_cut_for_the_index_only() -> None:
    item = read(kind="k" * 400)
    assert item.kind == "k" * 32
    assert json.loads(item.head)["kind"] == "k" * 400


@pytest.mark.parametrize("wrong", [None, "sig", 5, []])
def test_a_signature_that_is_no_object_counts_as_absent(wrong: object) -> None:
    assert read(sig=wrong).signature is None


def test_an_item_nested_as_deep_as_the_parser_lets_through_is_read_or_refused_as_an_envelope() -> None:
    for depth in range(800, 1000):
        text = '{"items": [' + "[" * depth + "]" * depth + "]}"
        try:
            document = json.loads(text)
        except RecursionError:
            break
        with suppress(EnvelopeError):
            assert len(read_push(document).items) == 1
    else:
        pytest.fail("the parser has no limit any more: then read_item needs one")


@pytest.mark.parametrize("document", [None, 5, "push", [], [sound()], True])
def test_what_is_no_object_is_no_push(document: object) -> None:
    with pytest.raises(EnvelopeError, match="object"):
        read_push(document)


@pytest.mark.parametrize("items", [None, 5, "items", {}, {"0": sound()}])
def test_items_that_are_no_list_are_no_push(items: object) -> None:
    with pytest.raises(EnvelopeError, match="list"):
        read_push({"items": items})


def test_too_many_items_are_refused_with_the_number_that_is_allowed() -> None:
    assert len(read_push({"items": [sound()] * LIMITS.max_items}).items) == LIMITS.max_items
    with pytest.raises(EnvelopeError, match=str(LIMITS.max_items)):
        read_push({"items": [None] * (LIMITS.max_items + 1)})


@pytest.mark.parametrize("advisory", [None, 5, "text", [], True])
def test_wrong_advisory_members_are_ignored(advisory: object) -> None:
    push_read = read_push({"clock": advisory, "on_handset": advisory, "pull": advisory, "items": [sound()]})
    assert (push_read.clock, push_read.on_handset, push_read.pull) == ({}, {}, None)
    assert len(push_read.items) == 1


@pytest.mark.parametrize("wrong", [None, 5, [], {}, "\0", "b\ud800"])
def test_a_batch_id_that_cannot_be_echoed_counts_as_absent(wrong: object) -> None:
    assert read_push({"batch_id": wrong}).batch_id is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4),
    max_leaves=12,
)
members = st.sampled_from(["id", "dseq", "kind", "kv", "officer_id", "h", "body", "sig"])
nearly_sound = st.dictionaries(members, json_values, max_size=3).map(lambda wrong: sound(**wrong))


@given(st.lists(json_values | nearly_sound, max_size=12))
def test_any_json_as_items_gets_exactly_one_result_per_element(items: list[Any]) -> None:
    results = push(Shelf(), read_push({"items": items}).items)
    assert [result["index"] for result in results] == list(range(len(items)))
    assert all(UUID(result["id"]) and result["state"] in set(State) for result in results)
    # What is answered must also fit into a table and into the answer.
    json.dumps(results, ensure_ascii=False).encode()


@given(json_values)
def test_any_json_is_a_push_or_an_envelope_error(document: object) -> None:
    with suppress(EnvelopeError):
        assert isinstance(read_push(document), Push)
