"""The enrolment code as an officer gets it: text, link and QR code, from the API, the console and the command line."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
import segno
import world
from click.testing import Result
from console import Console, console
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.db import read
from server.identity.models import EnrolmentCode
from server.identity.tokens import normal_code

CODE = r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}"
SERVER = "https://xuncha.example"


def read_link(link: str) -> tuple[str, str]:
    """Return server and code as an app reads them from the link."""
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc) == ("xuncha", "enrol")
    found = parse_qs(parts.query, strict_parsing=True)
    assert set(found) == {"server", "code"}
    return found["server"][0], found["code"][0]


def shown(desk: Console, officer: world.Person) -> str:
    """Issue a code by the form and return the page."""
    response = desk.post(f"/officers/{officer.id}/enrolment-code")
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    return response.text


def test_the_api_gives_the_link_beside_the_code(client: FlaskClient, city: world.World) -> None:
    headers = world.signed_in(client, city.admin)
    sent = {"officer_id": str(city.enforcer.id)}
    issued = client.post("/api/v1/enrolment-codes", headers=headers, json=sent, base_url=SERVER).get_json()
    assert read_link(issued["link"]) == (SERVER, issued["code"])


@pytest.mark.parametrize(
    ("language", "heading", "told"),
    [("en", "Enrolment code for", "Or open this link on the handset:"), ("zh", "的注册码", "或在终端上打开此链接：")],
)
def test_the_page_shows_text_link_and_qr_code(
    app: Flask, city: world.World, language: str, heading: str, told: str
) -> None:
    desk = console(app, city.admin)
    desk.client.set_cookie("lang", language)
    source = shown(desk, city.enforcer)
    page = html.unescape(source)
    assert heading in page
    assert told in page
    found = re.search(r'href="(xuncha:[^"]+)"', page)
    assert found is not None
    server, code = read_link(found[1])
    assert server == "http://localhost"
    assert f'<p class="code mono">{code}</p>' in page
    # The page's bars are those of this very link: whoever scans them gets it.
    drawn = re.search(r'<path [^>]*d="([^"]+)"', segno.make_qr(found[1], error="m").svg_inline(border=4))
    assert drawn is not None
    assert f'd="{drawn[1]}"' in source
    assert re.findall(r"<style|\sstyle=", source) == []


def test_the_command_prints_code_link_and_qr_code(app: Flask, city: world.World) -> None:
    result = run(app, "e001", "--by", "admin", "--server", SERVER)
    assert result.exit_code == 0, result.output
    link = re.search(r"xuncha:\S+", result.output)
    assert link is not None
    server, code = read_link(link[0])
    assert server == SERVER
    assert re.fullmatch(CODE, code)
    assert normal_code(code) is not None
    assert f"\n{code}\n" in result.output
    assert sum(line.count("\u2584") > 5 for line in result.output.splitlines()) > 10
    assert city.enforcer.name in result.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("e001", "--by", "admin"), "XUNCHA_PUBLIC_URL"),
        (("nobody", "--by", "admin", "--server", SERVER), "There is no officer nobody"),
        (("e001", "--by", "nobody", "--server", SERVER), "There is no officer nobody"),
        (("e001", "--by", "dispatcher", "--server", SERVER), "Your role does not allow this"),
        (("e001", "--by", "shaqiao-admin", "--server", SERVER), "no such officer in your agencies"),
        (("dispatcher", "--by", "admin", "--server", SERVER), "with a role in the field"),
    ],
)
def test_the_command_says_what_is_wrong_and_issues_nothing(
    app: Flask, city: world.World, arguments: tuple[str, ...], told: str
) -> None:
    assert city.enforcer.login == "e001"
    result = run(app, *arguments)
    assert result.exit_code != 0
    assert told in result.output
    with app.app_context():
        assert read(codes) == 0


def codes(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(EnrolmentCode)) or 0


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["handsets", "code", *arguments])
