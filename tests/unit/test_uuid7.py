"""Time-ordered ids, and ids of what an item brings forth."""

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from sync.uuid7 import derived, uuid7


@given(st.uuids(), st.uuids())
def test_what_an_item_brings_forth_always_has_the_same_id(install_id: UUID, item_id: UUID) -> None:
    made = derived(install_id, item_id)
    assert made == derived(install_id, item_id)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made != item_id


def test_the_same_item_id_on_two_installs_brings_forth_two_things() -> None:
    item_id = uuid4()
    assert derived(uuid4(), item_id) != derived(uuid4(), item_id)


def test_what_is_brought_forth_lies_in_time_where_its_item_lies() -> None:
    install_id = uuid4()
    items = [uuid7(1_760_000_000_000 + 1000 * number) for number in range(50)]
    made = [derived(install_id, item_id) for item_id in items]
    assert made == sorted(made)


def test_ids_of_one_process_ascend_within_a_millisecond_too() -> None:
    made = [uuid7() for _ in range(500)]
    assert made == sorted(made)
    assert {(each.version, each.variant) for each in made} == {(7, "specified in RFC 4122")}
    assert len(set(made)) == len(made)
