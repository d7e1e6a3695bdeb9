"""The reference handset's line to a test's application, without a network; it can lose an answer on its way."""

import json
from contextvars import Context
from typing import Any

import httpx

ADDRESS = "http://city.example"


class Inside(httpx.WSGITransport):
    """Calls the application, keeps the last digest that it told, and loses the next answer of the path ``lost``."""

    digest: dict[str, Any] | None = None
    lost: str | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        response = Context().run(super().handle_request, request)
        if self.lost == request.url.path:
            self.lost = None
            raise httpx.ReadError("the answer was lost on its way", request=request)
        if request.url.path.startswith("/api/v1/sync/"):
            told = json.loads(response.read())
            for page in (told, told.get("pull", {})):
                self.digest = page.get("digest") or self.digest
        return response
