"""A change feed in memory: scopes of numbered marks, one per entity, as the ledger keeps them; and a mirror of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sync.ports import Entity, Mark, ScopeEnds, Visible


class MemoryFeed:
    """sync.ports.ChangeFeed. Names are ids of tasks unless a kind is given."""

    def __init__(self, *scopes: str) -> None:
        self.epoch = "e1"
        self.heads = dict.fromkeys(scopes, 0)
        self.floors = dict.fromkeys(scopes, 0)
        self.latest: dict[str, dict[Entity, tuple[int, str | None]]] = defaultdict(dict)
        self.seen: dict[Entity, Visible] = {}
        self.broken: set[Entity] = set()

    def change(self, scope: str, name: str, data: object = "x", *, version: str = "v", kind: str = "task") -> None:
        self._mark(scope, (kind, name), None)
        self.seen[kind, name] = Visible(version, {"data": data})

    def hide(self, scope: str, name: str, reason: str | None = None, *, kind: str = "task") -> None:
        self._mark(scope, (kind, name), reason)
        self.seen.pop((kind, name), None)

    def _mark(self, scope: str, entity: Entity, reason: str | None) -> None:
        self.heads[scope] += 1
        self.latest[scope][entity] = (self.heads[scope], reason)

    def purge(self, scope: str, below: int) -> None:
        self.floors[scope] = below
        self.latest[scope] = {key: mark for key, mark in self.latest[scope].items() if mark[0] > below}

    def ends(self) -> Mapping[str, ScopeEnds]:
        return {scope: ScopeEnds(head, self.floors[scope]) for scope, head in self.heads.items()}

    def marks(self, positions: Mapping[str, int], limit: int) -> Iterable[Mark]:
        for scope, position in positions.items():
            marks = [Mark(scope, seq, key, reason) for key, (seq, reason) in self.latest[scope].items()]
            yield from sorted(mark for mark in marks if mark.seq > position)[:limit]

    def visible(self, entities: Sequence[Entity]) -> Mapping[Entity, Visible]:
        found = {key: self.seen[key] for key in entities if key in self.seen}
        return {key: Visible(one.version, None) if key in self.broken else one for key, one in found.items()}

    def versions(self) -> Mapping[Entity, str]:
        return {key: one.version for key, one in self.seen.items() if key[0] != "receipt"}

    def reasons(self, entities: Sequence[Entity]) -> Mapping[Entity, str]:
        marks = (marks.get(entity) for entity in entities for marks in self.latest.values())
        told = zip((entity for entity in entities for _ in self.latest), marks, strict=True)
        return {entity: mark[1] for entity, mark in told if mark is not None and mark[1] is not None}


class MemoryMirror:
    """What a handset makes of pages: entities with their versions, receipts apart, deferred ones remembered."""

    def __init__(self, held: Mapping[Entity, str] | None = None) -> None:
        self.held = dict(held or {})
        self.receipts: dict[str, str] = {}
        self.deferred: set[Entity] = set()

    def apply(self, page: Mapping[str, Any]) -> None:
        for change in page["changes"]:
            entity = (change["type"], change["id"])
            self.deferred.discard(entity)
            if change["op"] == "defer":
                self.deferred.add(entity)
            elif change["op"] == "drop":
                self.held.pop(entity, None)
            elif entity[0] == "receipt":
                self.receipts[change["id"]] = change["v"]
            else:
                self.held[entity] = change["v"]

    def entries(self) -> list[tuple[str, str, str]]:
        """Return what the digest is over."""
        return [(*entity, version) for entity, version in self.held.items() if entity not in self.deferred]
