"""Nothing within SAME is missed: the places that a search looks into, against looking at everything."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from photo_store.likeness import BITS, SAME, distance
from photo_store.likeness_slots import CHUNKS, probes, slots

likenesses = st.binary(min_size=BITS // 8, max_size=BITS // 8)
# Hypothesis draws places at random; the worst case of the pigeonhole is spread as evenly as can be.
flips = st.sets(st.integers(0, BITS - 1), max_size=SAME)


def flipped(bits: bytes, places: set[int]) -> bytes:
    number = int.from_bytes(bits)
    for place in places:
        number ^= 1 << place
    return number.to_bytes(BITS // 8)


@given(likenesses, flips)
def test_whatever_differs_in_at_most_31_bits_is_met(bits: bytes, places: set[int]) -> None:
    other = flipped(bits, places)
    assert distance(bits, other) == len(places)
    assert set(probes(bits)) & set(slots(other))


@given(likenesses, st.integers(0, CHUNKS - 1), st.randoms(use_true_random=False))
def test_31_bits_spread_as_evenly_as_can_be_are_met_by_the_one_chunk_with_a_single_bit(
    bits: bytes, spared: int, random: Random
) -> None:
    places = {
        chunk * 16 + bit for chunk in range(CHUNKS) for bit in random.sample(range(16), 1 if chunk == spared else 2)
    }
    assert len(places) == SAME
    assert len(set(probes(bits)) & set(slots(flipped(bits, places)))) == 1


@given(likenesses)
def test_32_bits_can_hide_so_31_is_the_most_that_is_promised(bits: bytes) -> None:
    places = {chunk * 16 + bit for chunk in range(CHUNKS) for bit in (0, 1)}
    assert not set(probes(bits)) & set(slots(flipped(bits, places)))


@given(likenesses)
def test_a_search_looks_into_272_places_and_a_picture_is_filed_in_16(bits: bytes) -> None:
    assert (len(set(probes(bits))), len(set(slots(bits)))) == (272, 16)
    assert set(slots(bits)) <= set(probes(bits))
