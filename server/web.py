"""What every door shares: who is asking, blueprints with their guard, paging arguments.

Authentication ends its own read before the body is read, so that a slow phone never pins a connection.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Collection
from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Request, Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user
from flask_smorest import Blueprint as SmorestBlueprint
from webargs.flaskparser import FlaskParser

from server.current import settings
from server.db import glance, transact
from server.errors import ProblemApi, asked_by_program
from server.identity.operations import promote_credential
from server.identity.queries import actor_by_session, actor_by_token, handset_by_credential
from server.identity.rules import Actor, Handset, revoked_handset
from server.ledger.audit import asked_from
from server.problems import Problem

MOST_ROWS = 200
_NONE: Collection[str] = frozenset()


class _JsonParser(FlaskParser):
    """webargs' parser, which lets two kinds of unreadable JSON through as errors of the server."""

    def load_json(self, req: Request, schema: Any) -> Any:  # noqa: ANN401 (webargs' signature)
        """Return the parsed body; raises bad-request."""
        try:
            return super().load_json(req, schema)
        except (RecursionError, ValueError) as error:
            detail = "The JSON holds a nesting or a number that cannot be read."
            raise Problem("bad-request", detail) from error


class ApiBlueprint(SmorestBlueprint):
    """flask-smorest's blueprint with our parser, described when openapi.json is read."""

    ARGUMENTS_PARSER = _JsonParser()

    def register_views_in_doc(self, api: ProblemApi, *place: Any, **named: Any) -> None:  # noqa: ANN401 (smorest's own arguments)
        """Put the description of the doors off until somebody asks for it."""
        api.describe_later(partial(super().register_views_in_doc, api, *place, **named))


class ConsoleUser(UserMixin):
    """Flask-Login's user around an Actor; its id carries the session generation."""

    def __init__(self, actor: Actor, generation: int) -> None:
        self.actor = actor
        self.id = f"{actor.officer_id}.{generation}"


def init_login(app: Flask) -> None:
    """Bind the console's cookie session, and tell the audit log from where each request comes."""
    manager = LoginManager(app)
    app.before_request(lambda: asked_from(remote()))
    app.teardown_request(lambda _error: asked_from(None))

    @manager.user_loader
    def load(session_id: str) -> ConsoleUser | None:
        officer_id, _, generation = session_id.partition(".")
        found = glance(actor_by_session, UUID(officer_id), int(generation))
        return None if found is None else ConsoleUser(found, int(generation))


def bearer() -> str | None:
    """Return the token of the Authorization header, or None."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def signed_in() -> Actor:
    """Return who is signed in, even with a password that must be changed first."""
    if "actor" not in g:
        g.actor = _find_actor()
        g.locale = g.actor.locale
    found: Actor = g.actor
    return found


def actor() -> Actor:
    """Return who is signed in and free to work.

    Raises sign-in-required, password-change-required, and totp-setup-required.
    """
    found = signed_in()
    held_back = hindrance(found)
    if held_back is not None:
        raise held_back
    return found


def hindrance(found: Actor) -> Problem | None:
    """Return what somebody who is signed in must do before anything else, if there is such a thing."""
    if found.must_change_password:
        return Problem("password-change-required")
    if settings().admin_totp and found.needs_second_factor:
        return Problem("totp-setup-required")
    return None


def _find_actor() -> Actor:
    token = bearer()
    if token is not None:
        found = glance(actor_by_token, token)
        if found is None:
            raise Problem("sign-in-required")
        return found
    # A cookie opens the console only: accepted under /api it would open it to cross-site requests.
    if request.path.startswith("/api/") or not current_user.is_authenticated:
        raise Problem("sign-in-required")
    held: Actor = current_user.actor
    return held


def handset() -> Handset:
    """Return the enrolled install that is asking: live, or revoked and still within its grace.

    Raises unknown-handset, and handset-revoked when the grace is over. The first request that carries the next
    credential ends the one before.
    """
    if "handset" not in g:
        token = bearer()
        found = glance(handset_by_credential, token) if token else None
        if found is None:
            raise Problem("unknown-handset")
        # Before any refusal: a wipe counts only with the Answer-MAC, and that needs to know who asked.
        g.handset = found
        if found.uses_next_credential:
            transact(promote_credential, found.install_id, found.credential_sha256)
    held: Handset = g.handset
    if held.shut:
        raise revoked_handset()
    return held


def live_handset() -> Handset:
    """Return the install that is asking if it is not revoked; raises handset-revoked (with wipe) too."""
    found = handset()
    if found.revoked:
        raise revoked_handset()
    return found


def on_duty() -> Handset:
    """Return the live install whose officer's session lasts; raises session-expired too. For all that serves data."""
    found = live_handset()
    if found.session_over:
        raise Problem("session-expired")
    return found


def handset_blueprint(
    name: str, url_prefix: str = "", *, takes_json: bool = True, guard: Callable[[], object] = handset
) -> ApiBlueprint:
    """Return a blueprint for handsets; each of its answers, problems too, carries the Answer-MAC."""
    blueprint = api_blueprint(name, guard=guard, url_prefix=url_prefix, takes_json=takes_json)
    blueprint.after_request(sealed)
    return blueprint


def sealed(response: Response) -> Response:
    """Add the Answer-MAC, which a portal, a proxy or a flipped bit cannot make.

    The key is the SHA-256 of the credential that this very request carried, which is all that the server keeps of it.
    """
    held = g.get("handset")
    if held is not None and request.method != "HEAD":
        mac = hmac.new(held.credential_sha256, response.get_data(), hashlib.sha256).digest()
        response.headers["Answer-MAC"] = base64.urlsafe_b64encode(mac).decode().rstrip("=")
    return response


def api_blueprint(
    name: str, guard: Callable[[], object] | None = actor, url_prefix: str = "", *, takes_json: bool = True
) -> ApiBlueprint:
    """Return a blueprint below /api/v1 whose ``guard`` runs before any body is read (None = open to all)."""
    blueprint = ApiBlueprint(f"{name}_api", name, url_prefix=f"/api/v1{url_prefix}")
    if guard is not None:
        demanded = guard

        def demand() -> None:
            demanded()

        blueprint.before_request(demand)
    if takes_json:
        blueprint.before_request(_demand_json)
    return blueprint


def _demand_json() -> None:
    """Refuse a body of another type as what it is, instead of finding all its fields missing."""
    if request.content_length and request.mimetype != "application/json":
        raise Problem("wrong-content-type", "Send Content-Type: application/json.")


def console_pages(name: str) -> Blueprint:
    """Return a blueprint of console pages, open to signed-in officers only."""
    pages = Blueprint(f"{name}_pages", name)
    pages.before_request(login_guard())
    return pages


def login_guard(
    *,
    open_to_all: Collection[str] = _NONE,
    before_password: Collection[str] = _NONE,
    before_factor: Collection[str] = _NONE,
) -> Callable[[], ResponseReturnValue | None]:
    """Return a before_request function that keeps strangers out of console pages.

    It sends a stranger to the sign-in form, who holds a temporary password to the account page, and an administrator
    without a second factor to the page that sets it up; a script or a form gets the problem instead of a page it did
    not ask for. The endpoints that stay open to each are ``open_to_all``, ``before_password`` and ``before_factor``.
    """

    def demand_login() -> ResponseReturnValue | None:
        if request.endpoint in open_to_all:
            return None
        try:
            found = signed_in()
        except Problem as problem:
            if problem.slug != "sign-in-required" or request.method != "GET" or asked_by_program():
                raise
            return redirect(url_for("console_pages.login", next=request.full_path.rstrip("?")))
        held_back = hindrance(found)
        password_first = held_back is not None and held_back.slug == "password-change-required"
        if held_back is None or request.endpoint in (before_password if password_first else before_factor):
            return None
        if asked_by_program():
            raise held_back
        page = "console_pages.account" if password_first else "console_pages.second_factor"
        return redirect(url_for(page), HTTPStatus.SEE_OTHER)

    return demand_login


def public_address() -> str:
    """Return the address that handsets use: the configured one, or that of this very request."""
    return settings().public_url or request.host_url.rstrip("/")


def remote() -> str:
    """Return who failed attempts are counted for: the caller's address."""
    return request.remote_addr or "unknown"


def page_args() -> tuple[str | None, int]:
    """Return (after, limit) of a list request; limit is 1 to 200, 50 when omitted."""
    text = request.args.get("limit", "50")
    if not text.isdecimal() or len(text) > len(str(MOST_ROWS)) or not 1 <= int(text) <= MOST_ROWS:
        raise Problem("validation", errors={"limit": [f"Must be a number from 1 to {MOST_ROWS}."]})
    return request.args.get("after") or None, int(text)
