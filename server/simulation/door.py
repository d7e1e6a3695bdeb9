"""One HTTP request into the application and its answer out of it, in this process, without a socket.

Like granian, it ends a body that was cut short of its Content-Length as if it were complete: the application has
to notice by itself.
"""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any, Protocol, runtime_checkable
from urllib.parse import unquote

import httpx
from flask import Flask


@runtime_checkable
class _Closable(Protocol):
    def close(self) -> None: ...


def answer_of(app: Flask, request: httpx.Request) -> httpx.Response:
    """Return the application's answer to ``request``; what it raises past its error handlers comes through."""
    told: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], _failure: object = None) -> Callable[[bytes], None]:
        told.append((status, headers))
        return lambda _piece: None

    pieces: Iterable[bytes] = app(_environ(request), start)
    try:
        body = b"".join(pieces)
    finally:
        if isinstance(pieces, _Closable):
            pieces.close()
    status, headers = told[-1]
    return httpx.Response(int(status.split(" ", 1)[0]), headers=headers, content=body, request=request)


def _environ(request: httpx.Request) -> dict[str, Any]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(request.url.path),
        "QUERY_STRING": request.url.query.decode("ascii"),
        "SERVER_NAME": request.url.host,
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(request.read()),
        "wsgi.input_terminated": True,
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    return environ
