"""The console as a person uses it: sign in by the form, read pages, send forms with their CSRF token."""

import html
import re
from dataclasses import dataclass

import world
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse


@dataclass(frozen=True)
class Console:
    """One browser with its cookies."""

    client: FlaskClient

    def get(self, path: str) -> TestResponse:
        """Open a page without following a redirect."""
        return self.client.get(path)

    def text(self, path: str) -> str:
        """Return the readable source of a page that must be there."""
        response = self.get(path)
        assert response.status_code == 200, (path, response.status_code, response.text[:2000])
        return html.unescape(response.text)

    def post(self, path: str, **fields: str) -> TestResponse:
        """Send a form as a page of this session would."""
        return self.client.post(path, data={"csrf_token": self.csrf_token(), **fields})

    def csrf_token(self) -> str:
        """Return the token that every page carries; the sign-in form is open to all."""
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.get("/login").text)
        assert found is not None
        return found[1]


def console(app: Flask, person: world.Person, password: str | None = None) -> Console:
    """Open a browser in English and sign in as ``person``."""
    opened = stranger(app)
    response = opened.post("/login", login=person.login, password=password or person.password)
    assert response.status_code == 303, response.text
    return opened


def stranger(app: Flask) -> Console:
    """Open a browser in English in which nobody is signed in."""
    client = app.test_client()
    client.set_cookie("lang", "en")
    return Console(client)
