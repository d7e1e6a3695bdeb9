"""What the console's forms share: reading fields, and telling on the next page what happened.

Flask-aware; knows no subject but identity's words for roles. A refused form flashes the problem and goes back to
the page it came from.
"""

from http import HTTPStatus
from urllib.parse import urlsplit
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from server.errors import localised
from server.i18n import _
from server.identity.labels import ROLES
from server.problems import Problem


def field(name: str) -> str:
    """Return a form field without the blanks around it; empty when absent."""
    return request.form.get(name, "").strip()


def field_id(name: str) -> UUID:
    """Return a form field that names a row; raises validation."""
    try:
        return UUID(field(name))
    except ValueError as error:
        raise Problem("validation", errors={name: [_("Choose one.")]}) from error


def chosen_id(name: str) -> UUID | None:
    """Return a query argument that names a row, None when absent; raises validation."""
    text = request.args.get(name, "")
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise Problem("validation", errors={name: [_("This is not an id.")]}) from error


def tell(text: str) -> None:
    """Say on the next page that something was done."""
    flash(text, "done")


def tell_problem(problem: Problem, *also: str) -> None:
    """Say on the next page what was refused, why, and which fields; ``also``: sentences to add."""
    body = localised(problem)
    wrong = [text for texts in body.get("errors", {}).values() for text in texts]
    roles = ", ".join(str(ROLES[role]) for role in body.get("roles", ()))
    said = [*(wrong or [body["detail"], roles]), *also]
    # The title stands on the first line, parts/flashes.html sets it in bold.
    flash(f"{body['title']}\n{' '.join(filter(None, said))}", "problem")


def go(endpoint: str, **values: object) -> ResponseReturnValue:
    """Redirect after a form: the next request is a GET, so that reloading repeats nothing."""
    return redirect(url_for(endpoint, **values), HTTPStatus.SEE_OTHER)  # type: ignore[arg-type]  # url_for's values are Any


def local_path(text: str | None, otherwise: str) -> str:
    """Return ``text`` if it is a path of this site, else ``otherwise``: an open redirect would help a phisher."""
    if not text or not text.startswith("/") or "\\" in text or any(ord(char) <= ord(" ") for char in text):
        return otherwise
    # Browsers read //host and /\host as another site.
    parts = urlsplit(text)
    return otherwise if parts.netloc or parts.scheme or text.startswith("//") else text
