"""The digest: a sum over type, id and version that both sides reach in any order."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from sync.digest import digest_of, summand

ENTITIES = st.lists(st.tuples(st.sampled_from(["case", "task"]), st.uuids().map(str), st.text("0123456789abcdef")))


def test_nothing_has_a_digest_of_zeros() -> None:
    assert digest_of([]) == {"alg": "sum128", "n": 0, "value": "0" * 32}


def test_one_entity_is_the_first_half_of_its_hash() -> None:
    text = "task|0198f2d1-0000-7000-8000-000000000001|00ff00ff00ff00ff"
    told = digest_of([("task", "0198f2d1-0000-7000-8000-000000000001", "00ff00ff00ff00ff")])
    assert told == {"alg": "sum128", "n": 1, "value": hashlib.sha256(text.encode()).hexdigest()[:32]}


@given(ENTITIES)
def test_the_order_does_not_matter(entities: list[tuple[str, str, str]]) -> None:
    turned = sorted(entities, reverse=True)
    assert digest_of(turned) == digest_of(entities)


@given(ENTITIES)
def test_it_can_be_kept_up_to_date_entity_by_entity(entities: list[tuple[str, str, str]]) -> None:
    total = sum(summand(*entity) for entity in entities) % 2**128
    assert digest_of(entities)["value"] == f"{total:032x}"


def test_a_changed_version_changes_it() -> None:
    assert digest_of([("task", "a", "1")]) != digest_of([("task", "a", "2")])
