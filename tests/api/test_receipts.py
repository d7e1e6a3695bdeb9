"""Receipts: an outcome that changed after its push was answered reaches the officer who recorded the item."""

import json

import pytest
import world
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from support.field import FieldHandset, Item
from support.kinds import correction, woken
from support.mirrored import MirroredHandset

from server.base import new_tag
from server.db import read, transact
from server.gateway.models import InboxItem
from server.ledger.alarms import open_alarms
from server.ledger.marks import Entity, mark


@pytest.fixture
def mirrored(collector: FieldHandset) -> MirroredHandset:
    """Return a handset that has pulled what little there is."""
    made = MirroredHandset(collector)
    made.pull()
    return made


@pytest.fixture
def early(app: Flask, collector: FieldHandset, mirrored: MirroredHandset) -> Item:
    """Return a correction that waited for its report, which has come meanwhile."""
    report = collector.item()
    early = collector.item("amend", correction(report, description="更正"))
    assert collector.states(early) == ["waiting"]
    assert mirrored.pull() == [], "the push has answered this outcome itself"
    collector.push(report)
    woken(app)
    return early


def test_the_outcome_of_an_item_that_waited_comes_as_a_receipt(mirrored: MirroredHandset, early: Item) -> None:
    changes = {change["type"]: change for change in mirrored.pull()}
    receipt = changes["receipt"]
    assert (receipt["op"], receipt["id"], len(receipt["v"])) == ("put", early["id"], 16)
    told = receipt["data"]
    assert (told["item_id"], told["h"], told["state"], told["n"]) == (early["id"], early["h"], "applied", 1)
    assert told["case_id"] == changes["case"]["id"]
    assert mirrored.digests, "the digest that came along left the receipt out"
    assert mirrored.pull() == []


def test_a_receipt_comes_again_after_a_reconciliation(mirrored: MirroredHandset, early: Item) -> None:
    mirrored.reconcile()
    assert mirrored.mirror.receipts == {}
    mirrored.pull()
    assert list(mirrored.mirror.receipts) == [early["id"]]
    assert mirrored.reconcile() == []


def change(session: Session, item: Item, **values: object) -> None:
    """Let the outcome of an item change, as the quarantine desk does."""
    row = session.execute(select(InboxItem.install_id, InboxItem.item_id).where(InboxItem.fingerprint == item["h"]))
    install_id, item_id = row.one()
    version = new_tag()
    session.execute(update(InboxItem).where(InboxItem.item_id == item_id).values(version=version, **values))
    mark(session, f"install:{install_id}", Entity("receipt", item_id), version)


def test_a_colleague_on_the_same_handset_learns_nothing_of_it(
    app: Flask, city: world.World, mirrored: MirroredHandset, early: Item
) -> None:
    with app.app_context():
        transact(change, early, officer_id=city.squad_mate.id)
    page = mirrored.handset.trusted(mirrored.ask(mirrored.cursor))
    assert [found["type"] for found in page["changes"]] == ["case"]
    assert early["id"] not in json.dumps(page)
    assert page["has_more"] is False


@pytest.mark.parametrize("outcome", ["no JSON", "[]", '{"problem": {"detail": "half a pair: \\ud83d"}}'])
def test_an_outcome_that_is_broken_blocks_nothing(
    app: Flask, mirrored: MirroredHandset, early: Item, outcome: str
) -> None:
    with app.app_context():
        transact(change, early, outcome=outcome)
    broken = "ud83d" not in outcome
    ops = {found["type"]: found["op"] for found in mirrored.pull()}
    assert ops == {"case": "put", "receipt": "defer" if broken else "put"}
    with app.app_context():
        alarms = [(alarm.name, alarm.subject) for alarm in read(open_alarms)]
        assert alarms == ([("render_failed", f"receipt:{early['id']}")] if broken else [])
        transact(change, early, outcome="{}")
    assert [(found["op"], found["type"]) for found in mirrored.pull()] == [("put", "receipt")]


def test_an_item_that_is_being_interpreted_again_says_that_it_waits(
    app: Flask, mirrored: MirroredHandset, early: Item
) -> None:
    with app.app_context():
        transact(change, early, state="interpreting")
    (receipt,) = [found for found in mirrored.pull() if found["type"] == "receipt"]
    assert (receipt["data"]["state"], receipt["data"]["needs"]) == ("waiting", ["interpretation"])
