"""The Merkle tree of RFC 9162 §2.1 (as RFC 6962): hashes, proofs and their verification. Pure; knows no storage.

A tree of n leaves is told by its complete subtrees. The subtree of ``level`` k and ``position`` p covers the 2^k leaves
from p·2^k on; it never changes once its last leaf is there, so storing it is storing the log.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256

# (level, position) of a complete subtree.
Place = tuple[int, int]
# Leaves from the first (included) to the last (excluded).
Span = tuple[int, int]

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(record: bytes) -> bytes:
    """Return the hash of a leaf; the prefix keeps a leaf from passing for a node."""
    return sha256(b"\x00" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def cover(span: Span) -> list[Place]:
    """Return the complete subtrees that make up a span of a proof, from left to right: at most one for each level."""
    start, end = span
    places = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        places.append((level, start >> level))
        start += 1 << level
    return places


def folded(hashes: Sequence[bytes]) -> bytes:
    """Return the root over complete subtrees, given from left to right and each smaller than the one before."""
    if not hashes:
        return EMPTY_ROOT
    *rest, total = hashes
    for left in reversed(rest):
        total = node_hash(left, total)
    return total


def hash_of(span: Span, nodes: Mapping[Place, bytes]) -> bytes:
    """Return the hash of a span. Raises KeyError where ``nodes`` lacks a subtree of it."""
    return folded([nodes[place] for place in cover(span)])


def places_of(spans: Iterable[Span]) -> set[Place]:
    """Return all complete subtrees that must be read to hash these spans."""
    return {place for span in spans for place in cover(span)}


def inclusion_spans(position: int, size: int) -> list[Span]:
    """Return the spans whose hashes prove that a leaf stands in the tree of ``size`` (RFC 9162 §2.1.3.1).

    Raises ValueError for a position outside the tree.
    """
    if not 0 <= position < size:
        raise ValueError(f"There is no leaf {position} in a tree of {size}.")
    start, end = 0, size
    spans = []
    while end - start > 1:
        middle = start + _left_of(end - start)
        if position < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """Return the spans whose hashes prove that the tree of ``old`` leaves begins that of ``new`` (RFC 9162 §2.1.4.1).

    Raises ValueError unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"A tree of {old} leaves cannot begin one of {new}.")
    if old in (0, new):
        return []
    start, end = 0, new
    spans = []
    while old != end:
        middle = start + _left_of(end - start)
        if old <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    # The old tree itself, if it is a complete subtree, is known to whoever asks.
    if start:
        spans.append((start, end))
    return spans[::-1]


def includes(leaf: bytes, position: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether ``proof`` shows the leaf's hash at ``position`` under ``root`` (RFC 9162 §2.1.3.2)."""
    if not 0 <= position < size:
        return False
    node, last, total = position, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            total = node_hash(step, total)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            total = node_hash(total, step)
        node, last = node >> 1, last >> 1
    return last == 0 and total == root


def extends(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Tell whether ``proof`` shows that the tree of ``new`` begins with that of ``old`` (RFC 9162 §2.1.4.2)."""
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if not 0 < old < new or not proof:
        return False
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            after = node_hash(after, step)
        node, last = node >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


class Frontier:
    """The right edge of a growing tree: all that is needed to append to it, or to know its root."""

    def __init__(self, size: int = 0, peaks: Collection[bytes] = ()) -> None:
        """Stand at a tree of ``size`` leaves; ``peaks`` are the hashes of ``cover((0, size))``."""
        self.size = size
        self._peaks = list(peaks)

    def append(self, leaf: bytes) -> list[tuple[Place, bytes]]:
        """Append a leaf's hash; return all subtrees that it completes, itself first."""
        level, position, total = 0, self.size, leaf
        completed = [((level, position), total)]
        while position & 1:
            total = node_hash(self._peaks.pop(), total)
            level, position = level + 1, position >> 1
            completed.append(((level, position), total))
        self._peaks.append(total)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """Return the root of the tree as it stands."""
        return folded(self._peaks)


def _left_of(size: int) -> int:
    """Return the largest power of two below ``size`` > 1: how many leaves the left half has."""
    return 1 << ((size - 1).bit_length() - 1)
