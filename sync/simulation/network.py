"""The network of one simulated handset: an httpx transport that lets requests meet with accidents, by seed.

Unlike sync/fleet/network.py, which delays and cuts real sockets, nothing here waits: stalls pass virtual time, and
a request that is reordered is a copy that arrives later, between other people's requests.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import NoReturn

import httpx

from sync.simulation.machine import VirtualTime
from sync.simulation.ports import SiteKilled
from sync.simulation.trace import Trace

Door = Callable[[httpx.Request], httpx.Response]


class Accident(StrEnum):
    """What can happen to one request."""

    LOSE_REQUEST = "request lost"
    LOSE_ANSWER = "answer lost"
    CUT_REQUEST = "request cut"
    CUT_ANSWER = "answer cut"
    FLIP_REQUEST = "request bit flipped"
    FLIP_ANSWER = "answer bit flipped"
    TWICE = "sent twice"
    LATE_COPY = "a copy arrives later"
    STALL = "stalled"
    PORTAL = "portal page"


_RATES: Mapping[Accident, float] = {
    Accident.LOSE_REQUEST: 0.03,
    Accident.LOSE_ANSWER: 0.05,
    Accident.CUT_REQUEST: 0.04,
    Accident.CUT_ANSWER: 0.04,
    Accident.FLIP_REQUEST: 0.02,
    Accident.FLIP_ANSWER: 0.03,
    Accident.TWICE: 0.04,
    Accident.LATE_COPY: 0.04,
    Accident.STALL: 0.02,
    Accident.PORTAL: 0.03,
}
_BREAKS = {Accident.LOSE_REQUEST, Accident.CUT_REQUEST, Accident.LOSE_ANSWER, Accident.STALL}
_STALL_SECONDS = 40.0
_PORTAL_PAGES = (
    (200, "text/html", b"<!doctype html><title>Free Wi-Fi</title><p>Please accept the terms of use."),
    (302, "text/html", b""),
    (200, "application/json", b'{"protocol":1,"epoch":"portal","results":[],"status":"ok"}'),
)
# A gzip header of ten bytes holds some that mean nothing; behind them every flipped bit is noticed.
_GZIP_HEADER = 10


@dataclass
class Post:
    """Copies that are still on their way, of all handsets; they arrive before somebody's later request."""

    door: Door
    trace: Trace
    held: list[tuple[int, str, httpx.Request]] = field(default_factory=list)

    def arrive(self, *, everything: bool = False) -> None:
        """Deliver the copies whose time has come; nobody reads their answers."""
        due = [copy for copy in self.held if everything or copy[0] <= 0]
        self.held = [(left - 1, who, copy) for left, who, copy in self.held if not everything and left > 0]
        for _, who, copy in due:
            try:
                status = str(self.door(copy).status_code)
            except SiteKilled:
                status = "killed"
            self.trace.note(who, f"late copy of {copy.method} {copy.url.path}: {status}")


@dataclass
class Weather:
    """One handset's luck. ``severity`` scales the rates: 0 is a clean line."""

    chance: Random
    severity: float = 1.0
    met: Counter[Accident] = field(default_factory=Counter)

    def next(self) -> Accident | None:
        """Return what happens to the next request."""
        throw = self.chance.random()
        for accident, rate in _RATES.items():
            if throw < rate * self.severity:
                self.met[accident] += 1
                return accident
            throw -= rate * self.severity
        return None


class SimulatedNetwork(httpx.BaseTransport):
    """Carries one handset's requests to the door, or loses, cuts, damages, repeats and delays them."""

    def __init__(self, who: str, weather: Weather, post: Post, time: VirtualTime, trace: Trace) -> None:
        self.weather = weather
        self._who = who
        self._post = post
        self._time = time
        self._trace = trace

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request through the weather; a break raises an httpx.TransportError."""
        request.read()
        self._post.arrive()
        self._time.pass_by(0.05 + self.weather.chance.random())
        accident = self.weather.next()
        what = f"{request.method} {request.url.path}"
        try:
            response = self._meet(accident, request)
        except (httpx.TransportError, SiteKilled) as error:
            self._trace.note(self._who, f"{what} [{accident or 'clean'}]: {type(error).__name__}")
            if isinstance(error, SiteKilled):
                raise httpx.RemoteProtocolError("the server went away", request=request) from error
            raise
        self._trace.note(self._who, f"{what} [{accident or 'clean'}]: {response.status_code}")
        return response

    def _meet(self, accident: Accident | None, request: httpx.Request) -> httpx.Response:
        if accident in _BREAKS:
            self._break(accident, request)
        if accident is Accident.PORTAL:
            status, media_type, page = self.weather.chance.choice(_PORTAL_PAGES)
            return httpx.Response(status, headers={"Content-Type": media_type}, content=page, request=request)
        if accident is Accident.TWICE:
            self._post.door(request)
        elif accident is Accident.LATE_COPY:
            requests_later = self.weather.chance.randint(1, 12)
            self._post.held.append((requests_later, self._who, _with_body(request, request.content)))
        return self._damaged(accident, request)

    def _break(self, accident: Accident | None, request: httpx.Request) -> NoReturn:
        """Let the connection break: before, within or after the request; the server may have all, a part, nothing."""
        door, chance = self._post.door, self.weather.chance
        if accident is Accident.CUT_REQUEST:
            door(_with_body(request, request.content[: int(len(request.content) * chance.random())]))
            raise httpx.WriteError("the connection broke within the request", request=request)
        if accident is Accident.LOSE_ANSWER:
            door(request)
            raise httpx.ReadError("the answer was lost on its way", request=request)
        if accident is Accident.STALL:
            self._time.pass_by(_STALL_SECONDS)
            if chance.randrange(2):
                door(request)
            raise httpx.ReadTimeout("no byte came for a long time", request=request)
        raise httpx.ConnectError("the request was lost on its way", request=request)

    def _damaged(self, accident: Accident | None, request: httpx.Request) -> httpx.Response:
        """Let bytes be hurt or missing where the protocol itself must notice; elsewhere TLS breaks the connection."""
        door, chance = self._post.door, self.weather.chance
        if accident is Accident.FLIP_REQUEST:
            if not _is_covered(request):
                raise httpx.ReadError("the line broke", request=request)
            return door(_with_body(request, _flipped(request.content, chance, _GZIP_HEADER)))
        response = door(request)
        if accident is Accident.CUT_ANSWER:
            return _cut(response, chance)
        if accident is Accident.FLIP_ANSWER:
            # The answer to an enrolment carries no MAC.
            if not request.headers.get("Authorization"):
                raise httpx.ReadError("the line broke", request=request)
            return _response(response, _flipped(response.content, chance, 0))
        return response


def _is_covered(request: httpx.Request) -> bool:
    """Say whether the protocol notices a flipped bit of a request: by gzip's checksum, by the photograph's hash."""
    return "Content-Encoding" in request.headers or request.method == "PATCH"


def _with_body(request: httpx.Request, body: bytes) -> httpx.Request:
    """Return the request with another body under the old Content-Length."""
    return httpx.Request(request.method, request.url, headers=request.headers, content=body)


def _response(response: httpx.Response, body: bytes) -> httpx.Response:
    return httpx.Response(response.status_code, headers=response.headers, content=body)


def _cut(response: httpx.Response, chance: Random) -> httpx.Response:
    """Return an answer that ends early, as a proxy passes it on; without a body the line just breaks."""
    if not response.content:
        raise httpx.ReadError("the answer was cut")
    return _response(response, response.content[: int(len(response.content) * chance.random())])


def _flipped(body: bytes, chance: Random, first: int) -> bytes:
    if len(body) <= first:
        return body
    hurt = bytearray(body)
    hurt[first + int((len(body) - first) * chance.random())] ^= 1 << chance.randrange(8)
    return bytes(hurt)
