"""A handset that keeps a mirror as docs/protocol.md asks: versions, receipts, deferred entities, digests compared."""

from dataclasses import dataclass, field
from typing import Any

from support.field import PULL, FieldHandset
from support.memory_feed import MemoryMirror
from werkzeug.test import TestResponse

from sync.digest import digest_of

RECONCILE = "/api/v1/sync/reconcile"


@dataclass
class MirroredHandset:
    """The feed's side of a FieldHandset; every digest that comes is compared with the mirror."""

    handset: FieldHandset
    mirror: MemoryMirror = field(default_factory=MemoryMirror)
    cursor: str | None = None
    digests: int = 0

    def ask(self, cursor: str | None = None, limit: int = 200, *, want_digest: bool = False) -> TestResponse:
        """Ask for one page."""
        query = {"limit": str(limit)} | ({} if cursor is None else {"cursor": cursor})
        query |= {"want_digest": "1"} if want_digest else {}
        return self.handset.client.get(PULL, query_string=query, headers=self.handset.headers)

    def pull(self, limit: int = 200, *, want_digest: bool = False) -> list[dict[str, Any]]:
        """Pull until there is no more and return the changes."""
        changes: list[dict[str, Any]] = []
        more = True
        while more:
            page = self.handset.trusted(self.ask(self.cursor, limit, want_digest=want_digest))
            changes += self._apply(page)
            self.cursor, more = page["next_cursor"], page["has_more"]
        return changes

    def ask_reconcile(self, **members: object) -> TestResponse:
        """Send one request of a reconciliation."""
        return self.handset.client.post(RECONCILE, json=members, headers=self.handset.headers)

    def manifest(self) -> list[list[str]]:
        """Return what the mirror holds."""
        return [[kind, name, version] for (kind, name), version in self.mirror.held.items()]

    def reconcile(self, limit: int = 200, **members: object) -> list[dict[str, Any]]:
        """Reconcile to the end and return the changes."""
        manifest, changes, token = self.manifest(), [], None
        while True:
            asked = self.ask_reconcile(manifest=manifest, page=token, limit=limit, **members)
            page = self.handset.trusted(asked)
            assert page["mode"] == "reconcile"
            changes += self._apply(page)
            token = page["next_page"]
            if not page["has_more"]:
                self.cursor = page["next_cursor"]
                return changes
            assert "next_cursor" not in page

    def _apply(self, page: dict[str, Any]) -> list[dict[str, Any]]:
        self.mirror.apply(page)
        if "digest" in page:
            self.digests += 1
            assert page["digest"] == digest_of(self.mirror.entries())
        found: list[dict[str, Any]] = page["changes"]
        return found
