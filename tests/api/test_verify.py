"""Verify (docs/protocol.md section 8): a handset learns what of its acknowledged items the server lacks."""

import gzip
import json
from typing import Any
from uuid import uuid4

import pytest
import world
from flask import Flask
from sqlalchemy import delete, event, update
from support.duty import revoke
from support.field import FieldHandset, Item, handset_of, refused

from server.clock import now
from server.db import db, read, transact
from server.gateway.models import InboxItem
from server.ledger.alarms import open_alarms

VERIFY = "/api/v1/sync/verify"


def ask(handset: FieldHandset, *items: Item, **members: object) -> dict[str, Any]:
    body = {"items": [{"id": item["id"], "h": item["h"]} for item in items], **members}
    response = handset.client.post(VERIFY, json=body, headers=handset.headers)
    assert response.status_code == 200, response.text
    assert response.headers["Answer-MAC"]
    answer: dict[str, Any] = response.get_json()
    assert {"protocol", "epoch", "server_time"} <= answer.keys()
    return answer


def alarms(app: Flask) -> list[tuple[str, str, int]]:
    with app.app_context():
        return [(alarm.name, alarm.subject, alarm.count) for alarm in read(open_alarms)]


def test_what_is_stored_is_neither_needed_nor_in_conflict(app: Flask, collector: FieldHandset) -> None:
    items = [collector.item() for _ in range(3)]
    collector.push(*items)
    answer = ask(collector, *items, acked_count=3)
    assert (answer["need"], answer["conflict"]) == ([], [])
    assert alarms(app) == []


def test_what_a_restore_lost_is_needed_again_and_raises_the_alarm(app: Flask, collector: FieldHandset) -> None:
    kept, lost = collector.item(), collector.item()
    collector.push(kept, lost)
    with app.app_context():
        forget = delete(InboxItem).where(InboxItem.fingerprint == lost["h"])
        transact(lambda session: session.execute(forget).close())
    assert ask(collector, kept, lost, acked_count=2)["need"] == [lost["id"]]
    assert alarms(app) == [("acked_beyond_store", f"install:{collector.enrolled.install_id}", 1)]
    collector.push(lost)
    assert ask(collector, kept, lost)["need"] == []


def test_another_installs_items_are_needed_like_unknown_ones(
    app: Flask, city: world.World, collector: FieldHandset
) -> None:
    item = collector.item()
    collector.push(item)
    other = handset_of(app, city, city.enforcer)
    answer = ask(other, item)
    assert (answer["need"], answer["conflict"]) == ([item["id"]], [])


def test_other_content_under_a_stored_id_is_a_conflict_and_needed_until_it_is_stored(collector: FieldHandset) -> None:
    first = collector.item()
    collector.push(first)
    second = collector.item(id=first["id"])
    answer = ask(collector, first, second)
    assert (answer["need"], answer["conflict"]) == ([second["id"]], [second["id"]])
    collector.push(second)
    answer = ask(collector, first, second)
    assert (answer["need"], answer["conflict"]) == ([], [second["id"]])


def test_purged_content_still_counts_as_stored(app: Flask, collector: FieldHandset) -> None:
    item = collector.item()
    collector.push(item)
    with app.app_context():
        purge = update(InboxItem).values(body=b"", purged_at=now())
        transact(lambda session: session.execute(purge).close())
    assert ask(collector, item)["need"] == []


def test_an_id_that_is_none_is_needed(collector: FieldHandset) -> None:
    assert ask(collector, {"id": "\0\U0001f4a9", "h": "x"}, {"id": str(uuid4()), "h": ""})["need"][0] == "\0\U0001f4a9"


@pytest.mark.parametrize(
    "document", [[], {}, {"items": {}}, {"items": [1]}, {"items": [{"id": 1, "h": "x"}]}, {"items": [{"id": "x"}]}]
)
def test_an_envelope_that_cannot_be_read_is_refused(collector: FieldHandset, document: object) -> None:
    refused(collector.client.post(VERIFY, json=document, headers=collector.headers), 400, "bad-request")


def test_a_thousand_items_take_one_statement_and_more_are_refused(app: Flask, collector: FieldHandset) -> None:
    stored = collector.item()
    collector.push(stored)
    many = [{"id": str(uuid4()), "h": "0" * 64} for _ in range(999)]
    statements: list[str] = []

    def watch(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "inbox_item" in statement:
            statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", watch)
    try:
        assert len(ask(collector, stored, *many)["need"]) == 999
    finally:
        event.remove(engine, "before_cursor_execute", watch)
    assert len(statements) == 1
    body = {"items": [*many, *many]}
    refused(collector.client.post(VERIFY, json=body, headers=collector.headers), 400, "bad-request")


def test_the_question_may_come_packed(collector: FieldHandset) -> None:
    packed = gzip.compress(json.dumps({"items": [{"id": "x", "h": "y"}]}).encode())
    headers = {**collector.headers, "Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert collector.client.post(VERIFY, data=packed, headers=headers).get_json()["need"] == ["x"]


def test_a_revoked_handset_within_its_grace_learns_what_the_server_lacks(
    app: Flask, city: world.World, collector: FieldHandset
) -> None:
    item = collector.item()
    collector.push(item)
    revoke(app, city, collector)
    unknown = {"id": str(uuid4()), "h": "f" * 64}
    asked = {"items": [{"id": item["id"], "h": item["h"]}, unknown], "acked_count": 2}
    told = collector.trusted(collector.client.post(VERIFY, json=asked, headers=collector.headers))
    assert (told["need"], told["conflict"]) == ([unknown["id"]], [])
