"""Counts a look at a photograph that an answer is about to carry; what was only asked about is no look."""

from http import HTTPStatus

from flask import Response, request

from server.db import transact
from server.evidence.views import COUNTED, note_view
from server.identity.rules import Actor

_CARRIES_BYTES = (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT)


def note_served(answer: Response, actor: Actor, sha256: str, rendition: str) -> None:
    """Count it if the answer carries a preview or an original; raises ``busy``: what cannot be counted is not shown."""
    if rendition not in COUNTED or request.method != "GET" or answer.status_code not in _CARRIES_BYTES:
        return
    try:
        transact(note_view, actor.officer_id, sha256, rendition)
    except BaseException:
        # The answer is dropped, and with it the open file.
        answer.close()
        raise
