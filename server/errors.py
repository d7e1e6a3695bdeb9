"""From an error to the answer: problem+json (RFC 9457) under /api and for scripts, an HTML page in the console.

The only place where a Problem meets HTTP. Unexpected errors are 500 without detail but with the request's id,
which is in the log together with the trace.
"""

import json
from collections.abc import Callable
from http import HTTPStatus
from threading import Lock
from typing import Any

from flask import Flask, Response, g, render_template, request
from flask_smorest import Api
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from server.i18n import _, lazy_
from server.logs import log
from server.problems import CATALOGUE, Problem

MEDIA_TYPE = "application/problem+json"
SLUG_OF_STATUS = {
    400: "bad-request",
    401: "sign-in-required",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    409: "stale-version",
    413: "body-too-large",
    415: "wrong-content-type",
    422: "validation",
    503: "busy",
}
# What marshmallow says in English when a field fails; `localised` looks each text up, so the catalogue must hold them.
# Texts with a number or a list in them are no fixed sentences and stay English.
SCHEMA_TEXTS = (
    lazy_("Missing data for required field."),
    lazy_("Unknown field."),
    lazy_("Field may not be null."),
    lazy_("Invalid value."),
    lazy_("Invalid type."),
    lazy_("Invalid input type."),
    lazy_("Not a valid string."),
    lazy_("Not a valid number."),
    lazy_("Not a valid integer."),
    lazy_("Number too large."),
    lazy_("Not a valid boolean."),
    lazy_("Not a valid list."),
    lazy_("Not a valid mapping type."),
    lazy_("Not a valid UUID."),
    lazy_("String does not match expected pattern."),
    lazy_("Must be one line of printable characters."),
)


class ProblemApi(Api):
    """flask-smorest's Api, whose own errors come out as problems too, and which describes itself when it is asked.

    Describing every door takes seconds of computing, which each process would spend at its start.
    """

    def __init__(self, app: Flask) -> None:
        self._untold: list[Callable[[], None]] = []
        self._telling = Lock()
        super().__init__(app)

    def describe_later(self, describe: Callable[[], None]) -> None:
        """Keep what describes a blueprint until somebody reads openapi.json."""
        self._untold.append(describe)

    def _openapi_json(self) -> Response:
        with self._telling:
            while self._untold:
                self._untold[0]()
                del self._untold[0]
        described: Response = super()._openapi_json()
        return described

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Answer an aborted request; smorest registers this for every HTTPException."""
        allowed = dict(error.get_headers()) if error.code == HTTPStatus.METHOD_NOT_ALLOWED else None
        return answer(from_http(error), headers=allowed)


def init_errors(app: Flask) -> None:
    """Register the handlers; HTTPException is smorest's, see ProblemApi."""
    app.register_error_handler(Problem, answer)
    app.register_error_handler(CSRFError, lambda _error: answer(Problem("csrf")))
    app.register_error_handler(Exception, _unexpected)


def from_http(error: HTTPException) -> Problem:
    """Translate a framework error into the catalogue."""
    data = getattr(error, "data", None) or {}
    messages = data.get("messages") or data.get("errors")
    if error.code == HTTPStatus.UNPROCESSABLE_ENTITY and isinstance(messages, dict):
        return Problem("validation", errors=flat(messages))
    code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    otherwise = "bad-request" if code < HTTPStatus.INTERNAL_SERVER_ERROR else "internal"
    return Problem(SLUG_OF_STATUS.get(code, otherwise))


def flat(messages: dict[str, Any]) -> dict[str, list[str]]:
    """Strip webargs' location level (``json``) and join nested field names with dots."""
    found: dict[str, list[str]] = {}
    for location, fields in messages.items():
        known = location in {"json", "query", "path", "headers", "form", "json_or_form"}
        _flatten(fields, "" if known else str(location), found)
    return found


def _flatten(value: object, name: str, found: dict[str, list[str]]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _flatten(inner, f"{name}.{key}" if name else str(key), found)
        return
    found[name or "body"] = [str(text) for text in value] if isinstance(value, list) else [str(value)]


def localised(problem: Problem) -> dict[str, Any]:
    """Return the problem's body in the reader's language."""
    body = problem.body()
    body["title"] = _(problem.kind.title)
    body["detail"] = _(problem.detail or problem.kind.advice)
    if "errors" in body:
        body["errors"] = {field: [_(text) for text in texts] for field, texts in body["errors"].items()}
    return body


def asked_by_program() -> bool:
    """Tell whether a program reads the answer: everything under /api, and the console's own scripts."""
    if request.path.startswith("/api/") or request.is_json:
        return True
    # A browser that opens a page names text/html; frontend/src/http.ts asks for JSON alone.
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def answer(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """Write ``problem`` as the caller can read it."""
    body = localised(problem) | {"request_id": getattr(g, "request_id", None)}
    status = CATALOGUE[problem.slug].status
    if asked_by_program():
        response = Response(json.dumps(body, ensure_ascii=False, default=str), status, mimetype=MEDIA_TYPE)
    else:
        response = Response(render_template("console/problem.html", problem=body), status)
    if headers and "Allow" in headers:
        response.headers["Allow"] = headers["Allow"]
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    if status == HTTPStatus.UNAUTHORIZED and request.path.startswith("/api/"):
        response.headers["WWW-Authenticate"] = 'Bearer realm="xuncha"'
    return response


def _unexpected(error: Exception) -> Response:
    log.error("unexpected", path=request.path, exc_info=error)
    return answer(Problem("internal"))
