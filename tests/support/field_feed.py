"""The feed of the tests' small server: what each officer may see, pages of changes, digest and reconciliation.

Written from docs/protocol.md alone, apart from both the handset's code and the real server's.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from support.field_office import Reply, problem

Entity = tuple[str, str]


class FieldFeed:
    """Entities by officer with their versions, and a log of what changed. Cursors are ``k<number>.<epoch>``."""

    def __init__(self) -> None:
        self.visible: dict[str, dict[Entity, tuple[str, dict[str, Any]]]] = {}
        self.log: list[tuple[str, Entity]] = []
        self.floor = 0
        self.epoch = ""
        self.manifests: list[list[list[str]]] = []
        self.reasons: list[str] = []
        self.page_size = 200
        # Entities that cannot be rendered now.
        self.broken: set[Entity] = set()
        # Added to every digest, as a faulty server would.
        self.lying_digest = 0
        # Called with the number of the request for a page of a reconciliation, once it is answered.
        self.after_page: Callable[[int], None] = lambda _: None

    def show(self, officer_id: str, kind: str, name: str, v: str = "0" * 16, *, marked: bool = True) -> None:
        """Grant or change an entity; ``marked`` False is the fault that a digest finds."""
        data = {f"{kind}_id": name, "seen": v}
        self.visible.setdefault(officer_id, {})[kind, name] = (v, data)
        if marked:
            self.log.append((officer_id, (kind, name)))

    def hide(self, officer_id: str, kind: str, name: str, *, marked: bool = True) -> None:
        del self.visible[officer_id][kind, name]
        if marked:
            self.log.append((officer_id, (kind, name)))

    def tell(self, officer_id: str, receipt: dict[str, Any]) -> None:
        """Put a receipt into the feed."""
        entity = ("receipt", receipt["item_id"])
        self.visible.setdefault(officer_id, {})[entity] = (receipt["state"], receipt)
        self.log.append((officer_id, entity))

    def page(self, officer_id: str, cursor: str | None, *, want_digest: bool = False) -> Reply:
        if cursor and not cursor.endswith(f".{self.epoch}"):
            return problem(410, "reconcile-required", reason="epoch")
        at = int(cursor[1:].partition(".")[0]) if cursor else self.floor
        if at < self.floor:
            return problem(410, "reconcile-required", reason="expired")
        if at > len(self.log):
            return problem(410, "reconcile-required", reason="ahead")
        numbered = [(n, entity) for n, (who, entity) in enumerate(self.log, 1) if who == officer_id and n > at]
        part = numbered[: self.page_size]
        more = len(part) < len(numbered)
        end = part[-1][0] if more else len(self.log)
        changes = [self.change(officer_id, entity) for entity in dict.fromkeys(entity for _, entity in part)]
        answer = {"mode": "delta", "changes": changes, "next_cursor": f"k{end}.{self.epoch}", "has_more": more}
        if not more and (changes or want_digest):
            answer["digest"] = self.digest(officer_id)
        return 200, answer

    def change(self, officer_id: str, entity: Entity) -> dict[str, Any]:
        head = {"type": entity[0], "id": entity[1]}
        seen = self.visible.get(officer_id, {}).get(entity)
        if seen is None:
            return {"op": "drop", **head, "reason": "out_of_scope"}
        if entity in self.broken:
            return {"op": "defer", **head}
        return {"op": "put", **head, "v": seen[0], "data": seen[1]}

    def digest(self, officer_id: str) -> dict[str, Any]:
        counted = [
            f"{kind}|{name}|{v}"
            for (kind, name), (v, _) in self.visible.get(officer_id, {}).items()
            if kind != "receipt" and (kind, name) not in self.broken
        ]
        total = sum(int(hashlib.sha256(text.encode()).hexdigest()[:32], 16) for text in counted) + self.lying_digest
        return {"alg": "sum128", "n": len(counted), "value": f"{total % 2**128:032x}"}

    def reconcile(self, officer_id: str, body: dict[str, Any]) -> Reply:
        """Compare; the page token says where to go on and which heads the first page saw."""
        self.manifests.append(body["manifest"])
        self.reasons.append(body["because"])
        held = {(kind, name): v for kind, name, v in body["manifest"]}
        mine = {entity: v for entity, (v, _) in self.visible.get(officer_id, {}).items() if entity[0] != "receipt"}
        differing = sorted(entity for entity in {*held, *mine} if held.get(entity) != mine.get(entity))
        start, head = map(int, body["page"].split("/")) if body["page"] else (0, len(self.log))
        end = start + self.page_size
        more = end < len(differing)
        answer = {
            "mode": "reconcile",
            "officer_id": officer_id,
            "changes": [self.change(officer_id, entity) for entity in differing[start:end]],
            "has_more": more,
            "next_page": f"{end}/{head}" if more else None,
        }
        self.after_page(len(self.manifests))
        return 200, answer | (
            {} if more else {"next_cursor": f"k{head}.{self.epoch}", "digest": self.digest(officer_id)}
        )
