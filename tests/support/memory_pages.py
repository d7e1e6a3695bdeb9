"""Pages of a MemoryFeed, as a handset asks for them one after the other."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from support.memory_feed import MemoryFeed

from sync.changes import MOST_CHANGES
from sync.feed import page

SECRET = "one secret"
OFFICER = "officer-1"
OWN, SQUAD, INSTALL = "officer:1", "squad:1", "install:1"
NOW = 1_800_000_000


def pull(
    feed: MemoryFeed,
    token: str | None = None,
    limit: int = MOST_CHANGES,
    officer: str = OFFICER,
    *,
    at: int = NOW,
    want_digest: bool = False,
) -> dict[str, Any]:
    found = page(feed, token, officer_id=officer, secret=SECRET, limit=limit, at=at, want_digest=want_digest)
    assert json.loads(found.text()) == found.as_json()
    return found.as_json()


def all_pages(feed: MemoryFeed, token: str | None = None, limit: int = MOST_CHANGES) -> list[dict[str, Any]]:
    pages = [pull(feed, token, limit)]
    while pages[-1]["has_more"]:
        assert pages[-1]["changes"] or len(pages) < 50, "a page that brings nothing must not promise more for ever"
        pages.append(pull(feed, pages[-1]["next_cursor"], limit))
    return pages


def ids(found: Iterable[Mapping[str, Any]]) -> list[str]:
    return [change["id"] for one in found for change in one["changes"]]
