"""The doctor's look from outside: who answers on our port, the front door's clock, and whether it lets bodies through.

A proxy that collects a whole body before it passes it on makes uploads over a bad line start over for ever. It is
found without any credential: a request that stalls half-way is refused at its head, so the refusal comes at once
through an honest door, and only after the last byte through one that collects.
"""

import http.client
import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit
from uuid import uuid4

import httpx

from server.clock import now
from server.config import Settings
from server.safekeeping.findings import Finding, green, red, yellow

_PATIENCE_SECONDS = 5.0
_MOST_SKEW = timedelta(seconds=60)
_ADVICE = "Switch collecting off (nginx: proxy_request_buffering off;)."


def listener(chosen: Settings, epoch: str) -> Iterator[Finding]:
    """Who answers on our port: this deployment, another program, or nobody."""
    address = f"http://{chosen.host}:{chosen.port}/health"
    try:
        answer = httpx.get(address, timeout=_PATIENCE_SECONDS, trust_env=False)
        found = answer.json()["epoch"]
    except httpx.ConnectError:
        yield yellow("web server", f"nobody answers on {chosen.host}:{chosen.port}", "Start it: `flask up`.")
        return
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        yield red("web server", f"another program answers on port {chosen.port}", "Stop it, or set XUNCHA_PORT.")
        return
    if found == epoch:
        yield green("web server", "answers")
    else:
        yield red("web server", "answers from another database than this one", "Compare XUNCHA_DATABASE_URL of both.")


def front_clock(address: str) -> Iterator[Finding]:
    """Whether the front door's clock agrees with ours: certificates and signatures depend on it."""
    try:
        answer = httpx.head(f"{address.rstrip('/')}/health", timeout=_PATIENCE_SECONDS)
        skew = abs(parsedate_to_datetime(answer.headers["Date"]) - now())
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        yield yellow("front door", f"{address} does not answer: {error}", "Is the proxy running?")
        return
    except (KeyError, ValueError):
        yield yellow("front door", f"{address} does not tell the time", "Let the proxy send a Date header.")
        return
    if skew > _MOST_SKEW:
        yield yellow("front clock", f"{skew.total_seconds():.0f} s off", "Run NTP on the proxy's machine.")
    else:
        yield green("front clock", "agrees")


def stalled_upload(address: str) -> Iterator[Finding]:
    """Send the head and a part of an upload, stall, and see whether the server's answer comes through meanwhile."""
    door = urlsplit(address)
    if door.scheme not in {"http", "https"} or not door.hostname:
        yield red("front door", f"{address} is no address", "Give one like --url https://xuncha.example.gov.cn")
        return
    try:
        with _open(door, door.hostname) as line:
            line.sendall(_half_an_upload(door.netloc))
            try:
                early = line.recv(1024)
            except TimeoutError:
                early = b""
            status = early.split(b" ", 2)[1].decode("ascii", "replace") if early.count(b" ") > 1 else ""
    except (OSError, http.client.HTTPException) as error:
        yield red("front door", f"{address} does not answer: {error}", "Is the proxy running?")
        return
    if not early:
        yield red("front door", "collects a whole upload before it passes it on", _ADVICE)
    elif status == "401":
        yield green("front door", "passes uploads on while they arrive")
    else:
        yield red("front door", f"answers {status or 'nonsense'} to an upload", "Let it pass PATCH and tus headers.")


def _open(door: SplitResult, host: str) -> socket.socket:
    port = door.port or (443 if door.scheme == "https" else 80)
    line = socket.create_connection((host, port), timeout=_PATIENCE_SECONDS)
    if door.scheme == "http":
        return line
    return ssl.create_default_context().wrap_socket(line, server_hostname=host)


def _half_an_upload(host: str) -> bytes:
    head = (
        f"PATCH /api/v1/uploads/{uuid4()} HTTP/1.1\r\nHost: {host}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
        "Content-Type: application/offset+octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    return head.encode("ascii") + b"400\r\n" + b"x" * 0x400 + b"\r\n"
