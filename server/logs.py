"""Structured logs: one line per event, JSON or text, each with the request's id."""

import logging
import re
import sys
import time

import structlog
from flask import Flask, Response, g, request

from server.base import uuid7
from server.config import Settings

# A caller's own id is taken over only in this shape: it goes into the log as it is.
SOUND_ID = re.compile(r"[A-Za-z0-9-]{8,64}")

log = structlog.get_logger("xuncha")


def init_logs(app: Flask, chosen: Settings) -> None:
    """Set up structlog once per process and the request id and access line per request."""
    renderer = (
        structlog.processors.JSONRenderer()
        if chosen.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[chosen.log_level]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    offered = request.headers.get("X-Request-ID", "")
    g.request_id = offered if SOUND_ID.fullmatch(offered) else uuid7().hex
    g.begun = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    milliseconds = round((time.perf_counter() - g.begun) * 1000, 1)
    log.info("request", method=request.method, path=request.path, status=response.status_code, ms=milliseconds)
    return response
