"""The line to the server: one HTTP client that knows which answers may be trusted.

Between a handset and its server stand captive portals, proxies and cut cables; anything that does not look
exactly like our server's answer counts as a broken line, and the caller simply tries again later.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import httpx

from sync.limits import PROTOCOL

ROOT = "/api/v1"
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_TRY_LATER = frozenset({408, 423, 425, 429})
_LONGEST_SILENCE = 3600.0


class LineBroken(Exception):
    """No trustworthy answer came. Nothing is known about what the server did: send again later.

    ``retry_after`` is the server's wish in seconds, where it could still say one.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class UnknownHandset(LineBroken):
    """Whoever answered does not know this handset's credential, so the answer proves nothing.

    A portal says so, or our server after it was restored to a time before the enrolment: a new code helps then.
    """


class Refused(Exception):
    """The server understood the request and said no; ``problem`` is its problem+json body."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('title', '')}: {problem.get('detail', '')}")
        self.status = status
        self.problem = problem
        self.slug = str(problem.get("type", "")).rpartition("/")[2]


class Line:
    """A client for one server; the credential, once set, goes with every request."""

    def __init__(
        self, url: str, *, transport: httpx.BaseTransport | None = None, credential: str | None = None
    ) -> None:
        self._client = httpx.Client(
            base_url=url,
            transport=transport,
            timeout=_TIMEOUT,
            # A compressed answer would no longer be the bytes that the Answer-MAC covers.
            headers={"Accept-Encoding": "identity"},
            trust_env=False,
        )
        self.credential = credential

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def send(
        self, method: str, path: str, *, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send one request and return any answer below 500; raises LineBroken otherwise.

        ``path`` is below the API's root, or the absolute path that the server gave. Never a foreign address:
        the credential goes with it.
        """
        address = path if path.startswith(ROOT) else ROOT + path
        sent = dict(headers or {})
        if self.credential:
            sent["Authorization"] = f"Bearer {self.credential}"
        try:
            response = self._client.request(method, address, content=content, headers=sent)
        except httpx.TransportError as error:
            raise LineBroken(f"{method} {path}: {str(error) or type(error).__name__}") from error
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or response.status_code in _TRY_LATER:
            raise LineBroken(
                f"{method} {path}: the server answered {response.status_code}",
                _seconds(response.headers.get("Retry-After")),
            )
        return response

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Send JSON (or nothing), return the JSON object of a 2xx answer; raises Refused on a problem."""
        content, sent = None, dict(headers or {})
        if body is not None:
            content = json.dumps(body, ensure_ascii=False).encode("utf-8")
            sent["Content-Type"] = "application/json"
        return read_answer(self.send(method, path, content=content, headers=sent))


def read_answer(response: httpx.Response) -> dict[str, Any]:
    """Return the object in a 2xx JSON answer; a problem raises Refused, anything else is a broken line."""
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
    if response.is_success and not response.content:
        return {}
    if media_type not in {"application/json", "application/problem+json"}:
        raise LineBroken(f"the answer {response.status_code} is {media_type or 'untyped'}, so it is not our server's")
    try:
        answer = json.loads(response.content)
    except ValueError as error:
        raise LineBroken("the answer was damaged on its way: it is no JSON") from error
    if not isinstance(answer, dict):
        raise LineBroken("the answer is no JSON object, so it is not our server's")
    if not response.is_success:
        raise Refused(response.status_code, answer)
    return answer


def check_handset_answer(answer: Mapping[str, Any], *members: str) -> None:
    """Raise LineBroken unless the answer speaks our protocol, names its epoch and has these members."""
    absent = [name for name in ("epoch", *members) if name not in answer]
    if answer.get("protocol") != PROTOCOL or absent:
        raise LineBroken(f"the answer lacks {', '.join(absent) or 'protocol 1'}, so it is not our server's")


def check_answer_mac(response: httpx.Response, credential: str) -> None:
    """Raise LineBroken unless the answer's MAC proves that it comes, unchanged, from our server."""
    if not is_proved(response, credential):
        raise LineBroken("the answer's MAC does not fit: a portal or proxy answered, or the answer was damaged")


def is_proved(response: httpx.Response, credential: str) -> bool:
    """Say whether the Answer-MAC fits the credential that was sent.

    Answer-MAC = base64url(HMAC-SHA256(SHA-256(credential), exact body bytes)), unpadded or padded.
    """
    key = hashlib.sha256(credential.encode("ascii")).digest()
    expected = urlsafe_b64encode(hmac.new(key, response.content, hashlib.sha256).digest()).rstrip(b"=")
    given = response.headers.get("Answer-MAC", "").encode("ascii", "replace").rstrip(b"=")
    return hmac.compare_digest(expected, given)


def _seconds(retry_after: str | None) -> float | None:
    """Return the wish in seconds; nobody proved who wrote it, so it can silence a handset for an hour at most."""
    if retry_after is None or not (retry_after.isascii() and retry_after.isdigit()):
        return None
    return min(float(retry_after), _LONGEST_SILENCE)
