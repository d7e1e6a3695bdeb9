"""A bad network between a handset and its server, as a wrapper around the real transport.

What goes wrong is a pure function of seed, handset and request number, so that a run can be repeated. The
dangerous case is `Fault.LOSE_ANSWER`: the server did the work and the handset does not know.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

import httpx


class Fault(StrEnum):
    """What can happen to one request."""

    NONE = "none"
    LOSE_REQUEST = "lose request"
    CUT_REQUEST = "cut request"
    LOSE_ANSWER = "lose answer"
    PORTAL = "portal page"
    DELAY = "delay"
    SEND_TWICE = "send twice"


USUAL_RATES: Mapping[Fault, float] = {
    Fault.LOSE_REQUEST: 0.04,
    Fault.CUT_REQUEST: 0.05,
    Fault.LOSE_ANSWER: 0.06,
    Fault.PORTAL: 0.02,
    Fault.DELAY: 0.05,
    Fault.SEND_TWICE: 0.05,
}
_LONGEST_DELAY = 0.3
_PORTAL_PAGE = b"<!doctype html><title>Free Wi-Fi</title><p>Please accept the terms of use."


@dataclass(frozen=True)
class Trouble:
    """One planned fault; ``share`` in [0, 1) says how much of a request passes, or how long a delay lasts."""

    fault: Fault
    share: float


def plan_trouble(seed: int, handset: int, request: int, rates: Mapping[Fault, float] = USUAL_RATES) -> Trouble:
    """Return what happens to a handset's nth request; the rates are probabilities and sum to at most 1."""
    random = Random(f"{seed} network {handset} {request}")  # noqa: S311 (a simulation, not a secret)
    throw, share = random.random(), random.random()
    for fault, rate in rates.items():
        if throw < rate:
            return Trouble(fault, share)
        throw -= rate
    return Trouble(Fault.NONE, share)


@dataclass
class Weather:
    """One handset's network conditions; ``clean`` ends all trouble, for the last synchronisation of the day."""

    seed: int
    handset: int
    rates: Mapping[Fault, float] = field(default_factory=lambda: USUAL_RATES)
    clean: bool = False
    requests: int = 0
    met: Counter[Fault] = field(default_factory=Counter)

    def next(self) -> Trouble:
        """Return the trouble of the next request and count it."""
        self.requests += 1
        if self.clean:
            return Trouble(Fault.NONE, 0.0)
        trouble = plan_trouble(self.seed, self.handset, self.requests, self.rates)
        self.met[trouble.fault] += 1
        return trouble


class LossyTransport(httpx.BaseTransport):
    """Passes requests on to a real transport, or lets them meet with an accident."""

    def __init__(self, inner: httpx.BaseTransport, weather: Weather) -> None:
        self._inner = inner
        self._weather = weather

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request through the weather; a break raises an httpx.TransportError."""
        trouble = self._weather.next()
        request.read()
        match trouble.fault:
            case Fault.LOSE_REQUEST:
                raise httpx.ConnectError("the request was lost on its way", request=request)
            case Fault.CUT_REQUEST:
                return self._cut(request, trouble.share)
            case Fault.LOSE_ANSWER:
                self._pass_and_read(request)
                raise httpx.ReadError("the answer was lost on its way", request=request)
            case Fault.PORTAL:
                return httpx.Response(200, headers={"Content-Type": "text/html"}, content=_PORTAL_PAGE)
            case Fault.DELAY:
                time.sleep(trouble.share * _LONGEST_DELAY)
            case Fault.SEND_TWICE:
                self._pass_and_read(request)
            case Fault.NONE:
                pass
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the real transport."""
        self._inner.close()

    def _pass_and_read(self, request: httpx.Request) -> None:
        response = self._inner.handle_request(request)
        try:
            response.read()
        finally:
            response.close()

    def _cut(self, request: httpx.Request, share: float) -> httpx.Response:
        """Send the head and a part of the body, then break the connection."""
        if not request.content:
            raise httpx.WriteError("the connection broke before the request was out", request=request)
        part = request.content[: int(len(request.content) * share)]
        cut = httpx.Request(
            request.method,
            request.url,
            headers=request.headers,
            stream=_CutStream(part),
            extensions=request.extensions,
        )
        return self._inner.handle_request(cut)


class _CutStream(httpx.SyncByteStream):
    """A body that ends in a broken connection."""

    def __init__(self, part: bytes) -> None:
        self._part = part

    def __iter__(self) -> Iterator[bytes]:
        yield self._part
        raise httpx.WriteError("the connection broke within the request")
