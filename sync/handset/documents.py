"""Reference documents (category schemes, squads) on the handset: kept whole, brought up to date by differences."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sync.handset.device import Device
from sync.handset.line import LineBroken
from sync.handset.link import Link


@dataclass
class Documents:
    """The reference documents of one device."""

    device: Device
    link: Link

    def entries(self, name: str) -> dict[str, Any]:
        """Return a document's entries by key; empty when it was never fetched."""
        rows = self.device.store.execute("SELECT entries FROM documents WHERE name = ?", name)
        entries: dict[str, Any] = json.loads(rows[0]["entries"]) if rows else {}
        return entries

    def version(self, name: str) -> str | None:
        """Return the version that is kept."""
        rows = self.device.store.execute("SELECT version FROM documents WHERE name = ?", name)
        return rows[0]["version"] if rows else None

    def fetch(self, name: str) -> None:
        """Bring one document up to date; raises Refused or LineBroken and then keeps what there was."""
        since = self.version(name)
        query = "" if since is None else f"?since={quote(since, safe='')}"
        headers = {} if since is None else {"If-None-Match": f'"{since}"'}
        answer = self.link.exchange("GET", f"/reference/{quote(name, safe='')}{query}", None, headers)
        if not answer:
            return
        entries, removed = answer.get("entries"), answer.get("removed")
        if not isinstance(entries, dict) or not isinstance(removed, list) or "version" not in answer:
            raise LineBroken(f"the answer is not the document {name}")
        kept = {} if answer.get("since") is None else self.entries(name)
        if answer.get("since") not in {None, since}:
            raise LineBroken(f"the difference of {name} is to a version that is not here")
        whole = {key: value for key, value in {**kept, **entries}.items() if key not in removed}
        self.device.store.execute(
            "INSERT OR REPLACE INTO documents (name, version, entries) VALUES (?, ?, ?)",
            *(name, str(answer["version"]), json.dumps(whole, ensure_ascii=False)),
        )

    def fetch_changed(self, etags: object) -> None:
        """Fetch what differs from the versions that ``hello`` named."""
        if isinstance(etags, Mapping):
            for name, etag in etags.items():
                if str(etag).strip('"') != self.version(str(name)):
                    self.fetch(str(name))
