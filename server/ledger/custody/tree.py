"""The stored tree of a log: appends write the subtrees they complete, proofs read as many rows as the tree is high."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import TextClause, bindparam, insert, select, text
from sqlalchemy.orm import Session

from server.base import table_of
from server.ledger.custody.merkle import Frontier, Place, Span, cover, folded
from server.ledger.models import CustodyNode

_node = table_of(CustodyNode)
# How many subtrees one statement asks for; a few lengths, because each is compiled anew.
_LENGTHS = (8, 32, 200)


def _lookup(length: int) -> TextClause:
    # A join with a list, because SQLite looks up nothing for an OR or for a list of pairs: it reads the whole log.
    # As text, because SQLAlchemy compiles a list of values at every use (16 ms where reading takes 0.1).
    wanted = ", ".join(f"(CAST(:l{number} AS INTEGER), CAST(:p{number} AS BIGINT))" for number in range(length))
    return text(
        f"WITH wanted(level, position) AS (VALUES {wanted})"  # noqa: S608 (names of parameters only)
        " SELECT n.level, n.position, n.hash FROM wanted JOIN custody_node AS n"
        " ON n.log_id = :log AND n.level = wanted.level AND n.position = wanted.position"
    )


_LOOKUPS = {length: _lookup(length) for length in _LENGTHS}
_SUBTREES = (
    select(_node.c.position, _node.c.hash)
    .where(
        _node.c.log_id == bindparam("log"),
        _node.c.level == bindparam("on"),
        _node.c.position >= bindparam("first"),
        _node.c.position < bindparam("last"),
    )
    .order_by(_node.c.position)
)


class NodeMissing(Exception):
    """A subtree that must be there is not: the tree was damaged. `flask custody verify` names what differs."""


def append_leaves(session: Session, log_id: int, size: int, leaves: Iterable[bytes]) -> int:
    """Append leaf hashes to a log of ``size``, whose row the caller has locked; return the new size."""
    frontier = Frontier(size, peaks(session, log_id, size))
    rows = [
        {"log_id": log_id, "level": level, "position": position, "hash": total}
        for leaf in leaves
        for (level, position), total in frontier.append(leaf)
    ]
    if rows:
        session.execute(insert(_node), rows)
    return frontier.size


def peaks(session: Session, log_id: int, size: int) -> list[bytes]:
    """Return the hashes of the complete subtrees that make up the log's first ``size`` events. Raises NodeMissing."""
    places = cover((0, size))
    found = read_nodes(session, log_id, places)
    return [found[place] for place in places]


def root_of(session: Session, log_id: int, size: int) -> bytes:
    """Return the root over the log's first ``size`` events, from the stored subtrees. Raises NodeMissing."""
    return folded(peaks(session, log_id, size))


def read_nodes(session: Session, log_id: int, places: Collection[Place]) -> dict[Place, bytes]:
    """Return the hashes of subtrees. Raises NodeMissing if one is not stored."""
    wanted = sorted(places)
    found: dict[Place, bytes] = {}
    for first in range(0, len(wanted), _LENGTHS[-1]):
        found |= _read(session, log_id, wanted[first : first + _LENGTHS[-1]])
    for level, position in wanted:
        if (level, position) not in found:
            raise NodeMissing(f"Log {log_id} lacks the subtree of level {level} at {position}.")
    return found


def read_subtrees(session: Session, log_id: int, level: int, span: Span) -> dict[Place, bytes]:
    """Return what is stored of one level between two positions, the second excluded."""
    found = session.execute(_SUBTREES, {"log": log_id, "on": level, "first": span[0], "last": span[1]})
    return {(level, position): total for position, total in found}


def _read(session: Session, log_id: int, places: Sequence[Place]) -> dict[Place, bytes]:
    length = next(length for length in _LENGTHS if length >= len(places))
    wanted: dict[str, int] = {"log": log_id}
    for number, (level, position) in enumerate([*places, *[places[-1]] * (length - len(places))]):
        wanted |= {f"l{number}": level, f"p{number}": position}
    rows = session.execute(_LOOKUPS[length], wanted)
    return {(level, position): total for level, position, total in rows}
