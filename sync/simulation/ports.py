"""What a simulated story needs of the server it plays with."""

from collections.abc import Collection, Mapping
from typing import Protocol

import httpx


class SiteKilled(Exception):
    """The server process died within this request; whatever it committed stays, the answer never comes."""


class Site(Protocol):
    """A real server in this process, whose database and process can be put through what happens to them in life."""

    def door(self, request: httpx.Request) -> httpx.Response:
        """Let the server answer one request, as it arrived. Raises SiteKilled."""
        ...

    def kill_at(self, step: int) -> None:
        """Kill the server at its ``step``-th begin or commit from now on (counted from 1), within a request."""
        ...

    def sweep(self, *, with_queue: bool) -> None:
        """Run the worker once: every sweep, and the queued jobs too unless the queue was lost."""
        ...

    def snapshot(self, *, in_full: bool) -> bool:
        """Copy the database file; ``in_full`` makes the product's own backup too. False when the product refused."""
        ...

    def restore(self, *, as_backup: bool, with_blobs: bool) -> bool:
        """Go back to the snapshot; False when there is none.

        ``as_backup``: by the product's own restore; else the file is copied back behind the product's back.
        ``with_blobs``: photographs that came since are lost too.
        """
        ...

    def desk_token(self, role: str) -> str:
        """Return a desk session's token for ``dispatcher`` or ``admin``."""
        ...

    def people(self) -> Mapping[str, Collection[str]]:
        """Return the ids of field officers by duty: ``collector`` and ``squad``; and squads as ``squads``."""
        ...

    def stored(self, install_id: str) -> Collection[tuple[str, str]]:
        """Return (item id, fingerprint) of every committed inbox row of an install."""
        ...

    def move(self, officer_id: str, squad_id: str | None) -> None:
        """Move an officer to another squad."""
        ...

    def purge_marks(self) -> None:
        """Purge the feed's history, so that old cursors expire."""
        ...
