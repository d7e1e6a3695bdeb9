"""The tree of RFC 9162, against its own recursive definitions, against another library, and against liars."""

import hashlib
from collections.abc import Sequence

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.ledger.custody.merkle import (
    EMPTY_ROOT,
    Frontier,
    Place,
    consistency_spans,
    cover,
    extends,
    folded,
    hash_of,
    includes,
    inclusion_spans,
    leaf_hash,
    node_hash,
)

MOST = 3000


def split(size: int) -> int:
    """Return the largest power of two below ``size``, as the RFC's definitions cut."""
    half = 1
    while half * 2 < size:
        half *= 2
    return half


def mth(records: Sequence[bytes]) -> bytes:
    """RFC 9162 §2.1.1, word by word."""
    if not records:
        return hashlib.sha256().digest()
    if len(records) == 1:
        return hashlib.sha256(b"\x00" + records[0]).digest()
    half = split(len(records))
    return hashlib.sha256(b"\x01" + mth(records[:half]) + mth(records[half:])).digest()


def path(position: int, records: Sequence[bytes]) -> list[bytes]:
    """RFC 9162 §2.1.3.1, word by word."""
    if len(records) == 1:
        return []
    half = split(len(records))
    if position < half:
        return [*path(position, records[:half]), mth(records[half:])]
    return [*path(position - half, records[half:]), mth(records[:half])]


def subproof(old: int, records: Sequence[bytes], *, whole: bool) -> list[bytes]:
    """RFC 9162 §2.1.4.1, word by word."""
    if old == len(records):
        return [] if whole else [mth(records)]
    half = split(len(records))
    if old <= half:
        return [*subproof(old, records[:half], whole=whole), mth(records[half:])]
    return [*subproof(old - half, records[half:], whole=False), mth(records[:half])]


class Tree:
    """What a log stores of its records."""

    def __init__(self, records: Sequence[bytes]) -> None:
        frontier = Frontier()
        self.nodes: dict[Place, bytes] = {}
        self.roots = [frontier.root()]
        for record in records:
            self.nodes |= frontier.append(leaf_hash(record))
            self.roots.append(frontier.root())

    def inclusion(self, position: int, size: int) -> list[bytes]:
        return [hash_of(span, self.nodes) for span in inclusion_spans(position, size)]

    def consistency(self, old: int, new: int) -> list[bytes]:
        return [hash_of(span, self.nodes) for span in consistency_spans(old, new)]


RECORDS = [f"record {number}".encode() for number in range(MOST)]
TREE = Tree(RECORDS)
sizes = st.integers(1, MOST)


def test_trees_of_every_small_size_are_those_of_the_rfc() -> None:
    for size in range(40):
        records = RECORDS[:size]
        assert TREE.roots[size] == mth(records)
        for position in range(size):
            assert TREE.inclusion(position, size) == path(position, records)
        for old in range(1, size + 1):
            assert TREE.consistency(old, size) == subproof(old, records, whole=True)


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root() == EMPTY_ROOT == folded([])
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(sizes)
def test_larger_trees_are_those_of_the_rfc(size: int) -> None:
    assert TREE.roots[size] == mth(RECORDS[:size])
    assert folded([TREE.nodes[place] for place in cover((0, size))]) == TREE.roots[size]


def test_another_library_makes_the_same_tree_and_the_same_proofs() -> None:
    theirs = pymerkle.InmemoryTree(algorithm="sha256")
    for record in RECORDS[:300]:
        theirs.append_entry(record)
    for size in (1, 2, 3, 7, 64, 100, 255, 256, 257, 300):
        assert theirs.get_root(size) == TREE.roots[size]
        for position in range(0, size, 7):
            proof = theirs.prove_inclusion(position + 1, size)  # they count from one
            pymerkle.verify_inclusion(leaf_hash(RECORDS[position]), TREE.roots[size], proof)
            assert set(TREE.inclusion(position, size)) == set(proof.path) - {leaf_hash(RECORDS[position])}


@given(sizes, st.data())
def test_a_leaf_is_proven_at_its_place_and_at_no_other(size: int, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, size - 1))
    elsewhere = data.draw(st.integers(0, size))
    proof = TREE.inclusion(position, size)
    leaf, root = leaf_hash(RECORDS[position]), TREE.roots[size]
    assert includes(leaf, position, size, proof, root)
    assert includes(leaf, elsewhere, size, proof, root) is (elsewhere == position)
    assert not includes(leaf_hash(b"another"), position, size, proof, root)
    assert not includes(leaf, position, size, [*proof, root], root)
    if proof:
        assert not includes(leaf, position, size, proof[1:], root)
        assert not includes(leaf, position, size, proof[:-1], root)


@given(sizes, sizes, st.data())
def test_a_proof_is_worth_nothing_for_another_tree(size: int, other: int, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, size - 1))
    proof = TREE.inclusion(position, size)
    proven = includes(leaf_hash(RECORDS[position]), position, other, proof, TREE.roots[other])
    assert proven is (other == size)


@given(sizes, sizes)
def test_a_log_that_only_grew_is_consistent(one: int, another: int) -> None:
    old, new = sorted((one, another))
    proof = TREE.consistency(old, new)
    assert extends(old, new, proof, TREE.roots[old], TREE.roots[new])
    assert len(proof) <= new.bit_length() + 1
    if old != new:
        assert not extends(old, new, proof, TREE.roots[new], TREE.roots[new])
        assert not extends(old, new, proof, TREE.roots[old], TREE.roots[old])
        assert not extends(old, new, proof[:-1], TREE.roots[old], TREE.roots[new])
        assert not extends(old, new, [*proof, proof[-1]], TREE.roots[old], TREE.roots[new])


@given(st.integers(2, 400), st.data())
def test_a_rewritten_log_is_not_consistent(size: int, data: st.DataObject) -> None:
    """One record of the old part is edited, swapped with its neighbour, or removed."""
    old = data.draw(st.integers(1, size - 1))
    at = data.draw(st.integers(0, old - 1))
    records = list(RECORDS[:size])
    how = data.draw(st.sampled_from(["edited", "swapped", "removed"]))
    if how == "edited":
        records[at] += b"!"
    elif how == "swapped":
        records[at], records[at + 1] = records[at + 1], records[at]
    else:
        del records[at]
    forged = Tree(records)
    new = len(records)
    proof = forged.consistency(old, new)
    assert not extends(old, new, proof, TREE.roots[old], forged.roots[new])


def test_every_tree_begins_with_the_empty_one() -> None:
    assert TREE.consistency(0, 9) == []
    assert extends(0, 9, [], EMPTY_ROOT, TREE.roots[9])
    assert not extends(0, 9, [], TREE.roots[1], TREE.roots[9])


def test_a_leaf_cannot_pass_for_a_node() -> None:
    left, right = leaf_hash(b"left"), leaf_hash(b"right")
    assert leaf_hash(left + right) != node_hash(left, right)


@pytest.mark.parametrize(("position", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_a_place_outside_the_tree_cannot_be_proven(position: int, size: int) -> None:
    with pytest.raises(ValueError, match="There is no leaf"):
        inclusion_spans(position, size)
    assert not includes(b"", position, size, [], EMPTY_ROOT)


def test_a_tree_cannot_begin_a_smaller_one() -> None:
    with pytest.raises(ValueError, match="cannot begin"):
        consistency_spans(4, 3)
    assert not extends(4, 3, [TREE.roots[3]], TREE.roots[4], TREE.roots[3])


@given(st.integers(0, MOST))
def test_a_log_goes_on_from_its_right_edge_alone(start: int) -> None:
    frontier = Frontier(start, [TREE.nodes[place] for place in cover((0, start))])
    completed = sum(len(frontier.append(leaf_hash(record))) for record in RECORDS[start:])
    assert frontier.root() == TREE.roots[MOST]
    assert completed == sum((MOST >> level) - (start >> level) for level in range(MOST.bit_length()))
