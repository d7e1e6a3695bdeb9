"""Reads one log again from its events: each leaf, each node, and the root at every size that somebody states."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from server.base import table_of
from server.db import read
from server.ledger.custody.audit.faults import Faults
from server.ledger.custody.disposing import DISPOSED, disposed_by
from server.ledger.custody.merkle import Frontier, Place, leaf_hash
from server.ledger.custody.proofs import Log
from server.ledger.custody.record import record_bytes
from server.ledger.custody.tree import read_subtrees
from server.ledger.models import CustodyEvent, CustodyNode
from server.progress import Told

BATCH = 1000
_UNKNOWN = bytes(32)
_event = table_of(CustodyEvent)
_node = table_of(CustodyNode)


class Rereading:
    """One log as its events tell it. ``roots`` holds the root at each of the sizes that were asked for.

    ``blank``: ids of events whose facts were disposed of; ``disposed``: ids that events ``disposed`` name.
    """

    def __init__(self, log: Log, sizes: Collection[int], faults: Faults) -> None:
        self.log = log
        self.roots: dict[int, bytes] = {}
        self.blank: set[UUID] = set()
        self.disposed: set[UUID] = set()
        self._sizes = frozenset(sizes)
        self._faults = faults
        self._frontier = Frontier()
        self._keep_root()

    def run(self, told: Told) -> None:
        """Read all events of the log."""
        for first in range(0, self.log.size, BATCH):
            last = min(first + BATCH, self.log.size)
            self._take(first, last, *read(_batch, self.log.id, first, last))
            told(self.log.origin, last, self.log.size)

    def _take(self, first: int, last: int, events: Mapping[int, Row[Any]], nodes: Mapping[Place, bytes]) -> None:
        for position in range(first, last):
            leaf = self._leaf(position, events.get(position), nodes.get((0, position)))
            for (level, place), total in self._frontier.append(leaf)[1:]:
                if nodes.get((level, place)) != total:
                    self._say(f"The stored hash of level {level} at {place} is not that of its events.")
            self._keep_root()

    def _leaf(self, position: int, event: Row[Any] | None, kept: bytes | None) -> bytes:
        """Return the leaf with which to go on: the stored one where there is one, so that each fault is named once."""
        if kept is None:
            self._say(f"The stored leaf of event {position} is missing.")
        if event is None:
            self._say(f"Event {position} is missing.")
            return kept or _UNKNOWN
        if event.disposed_at is not None:
            self.blank.add(event.id)
            return kept or _UNKNOWN
        if event.kind == DISPOSED:
            self.disposed |= disposed_by(event.facts)
        leaf = leaf_hash(record_bytes(event))
        if kept is not None and kept != leaf:
            self._say(f"Event {position} ({event.kind}, {event.id}) is not the one that was logged.")
        return kept or leaf

    def _keep_root(self) -> None:
        if self._frontier.size in self._sizes:
            self.roots[self._frontier.size] = self._frontier.root()

    def _say(self, says: str) -> None:
        self._faults.add(self.log.origin, says)


def demand_no_more(session: Session, log: Log, faults: Faults) -> None:
    """Note rows of a log that lie beyond its size; ``log`` comes from the same snapshot."""
    beyond = select(func.count()).where(_event.c.log_id == log.id, _event.c.position >= log.size)
    if events := session.execute(beyond).scalar_one():
        faults.add(log.origin, f"{events} events stand beyond the log's size of {log.size}.")
    stored = session.execute(select(func.count()).where(_node.c.log_id == log.id)).scalar_one()
    if stored > (expected := sum(log.size >> level for level in range(log.size.bit_length()))):
        faults.add(log.origin, f"{stored - expected} stored hashes belong to no event.")


def _batch(session: Session, log_id: int, first: int, last: int) -> tuple[dict[int, Row[Any]], dict[Place, bytes]]:
    """Return the events from ``first`` to ``last`` (excluded) and the subtrees that end among them."""
    events = session.execute(
        select(_event).where(_event.c.log_id == log_id, _event.c.position >= first, _event.c.position < last)
    )
    by_position: dict[int, Row[Any]] = {event.position: event for event in events}
    nodes: dict[Place, bytes] = {}
    for level in range(last.bit_length()):
        nodes |= read_subtrees(session, log_id, level, (first >> level, last >> level))
    return by_position, nodes
