"""Watches every answer to a handset: does it hold what its install may not see (P6), does the server fail by itself."""

import gzip
import json
import zlib
from collections.abc import Collection
from typing import Any

import httpx
from sqlalchemy.orm import Session

from server.identity.queries import handset_by_credential
from server.simulation.grants import HASHES, UUIDS, granted, had
from sync.simulation import Truth

_SYNC = ("/api/v1/sync/", "/api/v1/reference/")
_SERVER_ERROR = 500
_BUSY = 503


class Watch:
    """Remembers what each install was told, so that it may be told to drop it; ``common`` ids are for everybody."""

    def __init__(self, truth: Truth, common: Collection[str]) -> None:
        self._truth = truth
        self._common = set(common)
        self._told: dict[str, set[str]] = {}

    def look(self, session: Session, request: httpx.Request, response: httpx.Response) -> None:
        """Check one answer against the grants as they are at this moment."""
        path = request.url.path
        if response.status_code >= _SERVER_ERROR and response.status_code != _BUSY:
            self._truth.breach("server", f"{request.method} {path} answered {response.status_code}")
        if not path.startswith(_SYNC):
            return
        text, drops = _without_drops(response)
        known = _names(_text(request)) | self._common
        # Most answers name nothing new: they cost no look at the tables.
        if not drops and not _names(text) - known:
            return
        credential = request.headers.get("Authorization", "").removeprefix("Bearer ")
        asking = handset_by_credential(session, credential)
        if asking is not None:
            told = self._told.setdefault(str(asking.install_id), set())
            may_see = granted(session, asking.install_id)
            for leak in sorted(_names(text) - known - may_see.ids - may_see.hashes):
                self._truth.breach("P6", f"an answer to {path} holds {leak}, which is not granted")
            unheard = drops - told - may_see.ids
            for drop in sorted(unheard - had(session, asking.install_id) if unheard else ()):
                self._truth.breach("P6", f"a drop names {drop}, which this install never had")
            told |= _names(text)


def _names(text: str) -> set[str]:
    """Return every id and hash in a text."""
    return {*UUIDS.findall(text), *HASHES.findall(text)}


def _text(request: httpx.Request) -> str:
    """Return what the handset itself sent: the batch's id, the ids of its items and manifest, as far as it is JSON."""
    if request.headers.get("Content-Encoding") == "gzip":
        try:
            return gzip.decompress(request.content).decode("utf-8", "replace")
        except (OSError, EOFError, zlib.error):
            return ""
    return request.content.decode("utf-8", "replace")


def _without_drops(response: httpx.Response) -> tuple[str, set[str]]:
    """Return the answer's text without its drops, and the ids that the drops name."""
    try:
        document = json.loads(response.content)
    except ValueError:
        return response.text, set()
    drops: set[str] = set()
    _strip(document, drops)
    return json.dumps(document), drops


def _strip(document: Any, drops: set[str]) -> None:  # noqa: ANN401 (any JSON)
    if not isinstance(document, dict):
        return
    _strip(document.get("pull"), drops)
    changes = document.get("changes")
    if isinstance(changes, list):
        drops |= {str(change["id"]) for change in changes if change["op"] == "drop"}
        document["changes"] = [change for change in changes if change["op"] != "drop"]
