"""The quarantine in the console: every item readable as it arrived, newest first, within its agency."""

import hashlib
import json
import re
from datetime import timedelta

import pytest
import world
from console import console
from flask import Flask
from sqlalchemy.orm import Session

from server.base import uuid7
from server.clock import now
from server.db import transact
from server.gateway.models import InboxItem
from server.problems import Problem

DAMAGED = b'{"id": "7", "payload": \xff\x00 <script>alert(1)</script>'


def hold(
    app: Flask, city: world.World, *bodies: bytes, state: str = "quarantined", why: str = "The body is not JSON."
) -> list[str]:
    """Put items of the street's collector into quarantine, all of one batch; return their row ids."""
    handset = world.enrolled(app, city, city.collector, "street handset")
    received_at = now() - timedelta(hours=1)
    items = [
        InboxItem(
            item_id=uuid7(),
            fingerprint=hashlib.sha256(body).hexdigest(),
            is_primary=True,
            install_id=handset.install_id,
            officer_id=handset.officer_id,
            agency_id=city.street_id,
            n=n,
            dseq=n,
            body=body,
            head="{}",
            batch_id="one batch",
            received_at=received_at,
            anchor="{}",
            state=state,
            attempts=1,
            attempted_at=received_at,
            outcome=json.dumps({"problem": Problem("not-an-item", why).body()}),
        )
        for n, body in enumerate(bodies)
    ]
    with app.app_context():
        transact(Session.add_all, items)
    return [f"{item.install_id}.{item.item_id}.{item.fingerprint}" for item in items]


def test_a_reason_with_a_percent_sign_is_shown_as_it_is(app: Flask, city: world.World) -> None:
    (row_id,) = hold(app, city, b"{", why="100 %s of the body is missing.")
    supervisor = console(app, city.supervisor)
    for path in ("/quarantine", f"/quarantine/{row_id}"):
        assert "100 %s of the body is missing." in supervisor.text(path)


def test_a_damaged_item_is_readable_and_harmless(app: Flask, city: world.World) -> None:
    (row_id,) = hold(app, city, DAMAGED)
    supervisor = console(app, city.supervisor)
    assert f'href="/quarantine/{row_id}"' in supervisor.text("/quarantine")
    page = supervisor.get(f"/quarantine/{row_id}")
    assert page.status_code == 200
    assert "\\xff" in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script>alert" not in page.text
    assert "The body is not JSON." in page.text
    assert "street handset" in page.text
    assert hashlib.sha256(DAMAGED).hexdigest() in page.text


def test_sound_json_is_shown_with_line_breaks_and_byte_for_byte(app: Flask, city: world.World) -> None:
    (row_id,) = hold(app, city, '{"kind":"report","payload":{"description":"路边"}}'.encode(), state="conflict")
    page = console(app, city.supervisor).text(f"/quarantine/{row_id}")
    assert '"payload": {\n    "description": "路边"' in page
    assert '{"kind":"report","payload":{"description":"路边"}}' in page
    assert "Second content of one id" in page


def test_pages_of_one_batch_neither_repeat_nor_skip_an_item(app: Flask, city: world.World) -> None:
    expected = hold(app, city, *(f"item {n}".encode() for n in range(5)))
    supervisor = console(app, city.supervisor)
    seen: list[str] = []
    path: str | None = "/quarantine?limit=2"
    while path is not None:
        page = supervisor.text(path)
        seen += re.findall(r'href="/quarantine/([0-9a-f-]{36}\.[0-9a-f-]{36}\.[0-9a-f]{64})"', page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        path = f"{older[1]}&limit=2" if older else None
    assert sorted(seen) == sorted(expected)


def test_another_agency_sees_neither_list_nor_item(app: Flask, city: world.World) -> None:
    (row_id,) = hold(app, city, b"not yours")
    elsewhere = console(app, city.town_admin)
    assert row_id not in elsewhere.text("/quarantine")
    assert elsewhere.get(f"/quarantine/{row_id}").status_code == 404
    assert elsewhere.get("/quarantine/no-such-row").status_code == 404


@pytest.mark.parametrize("cursor", ["x", "5", "5.x.y", "99999999999999.0", "-1.0.0"])
def test_a_cursor_that_we_never_gave_is_refused(app: Flask, city: world.World, cursor: str) -> None:
    assert console(app, city.supervisor).get(f"/quarantine?after={cursor}").status_code == 422
