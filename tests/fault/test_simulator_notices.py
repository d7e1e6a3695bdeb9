"""The simulator's auditors can fail: each kind of breach, made on purpose, is found and named."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session
from support.field import report
from verification.told import stories
from verification.wire_handset import API, WireHandset

from server.casework.models import Case
from server.clock import use
from server.current import blobs
from server.db import read, transact
from server.gateway.models import InboxItem
from server.simulation.audit import audit
from server.simulation.grants import common
from server.simulation.site import ApplicationSite
from server.simulation.watch import Watch
from sync.simulation import MadeItem, Truth
from sync.simulation.desk import Desk
from sync.simulation.machine import VirtualTime
from sync.simulation.trace import Trace


@pytest.fixture
def truth() -> Truth:
    return Truth()


@pytest.fixture
def site(truth: Truth) -> Iterator[ApplicationSite]:
    with ExitStack() as stack:
        stack.enter_context(use(VirtualTime().now))
        site = stories().site
        site.begin(truth)
        yield site


@pytest.fixture
def handset(site: ApplicationSite, truth: Truth) -> WireHandset:
    """Return a handset that has delivered one report."""
    officer_id = next(iter(site.people()["collector"]))
    made = WireHandset(site.door, officer_id)
    made.enrol(Desk(site, "admin", Trace()).enrolment_code(officer_id))
    item = made.record("report", report()).item
    assert made.push([item]).json()["results"][0]["state"] == "applied"
    truth.items.append(MadeItem(made.install_id, officer_id, item["id"], item["h"], "report", ()))
    return made


def found(site: ApplicationSite, truth: Truth) -> list[str]:
    with site.app.app_context():
        store = blobs()
        return [promise for promise, _ in read(lambda session: list(audit(session, truth, store)))]


def sabotage(site: ApplicationSite, statement: Any) -> None:  # noqa: ANN401 (any statement)
    def run(session: Session) -> None:
        session.execute(statement)

    with site.app.app_context():
        transact(run)


def test_a_sound_store_has_no_finding(site: ApplicationSite, truth: Truth, handset: WireHandset) -> None:
    assert found(site, truth) == []


def test_a_lost_item_is_found(site: ApplicationSite, truth: Truth, handset: WireHandset) -> None:
    sabotage(site, delete(InboxItem))
    assert "P1" in found(site, truth)


def test_an_item_that_never_took_effect_is_found(site: ApplicationSite, truth: Truth, handset: WireHandset) -> None:
    sabotage(site, update(InboxItem).values(state="waiting"))
    assert found(site, truth) == ["P2", "P3"]


def test_an_item_that_nobody_recorded_is_found(site: ApplicationSite, truth: Truth, handset: WireHandset) -> None:
    truth.items.clear()
    assert found(site, truth) == ["P2"]


def test_a_false_acknowledgement_is_found_at_once(site: ApplicationSite, truth: Truth, handset: WireHandset) -> None:
    truth.check_acknowledged(handset.install_id, truth.items, [])
    assert [finding.promise for finding in truth.findings] == ["P1"]


def test_an_answer_that_names_a_strangers_case_is_found(
    site: ApplicationSite, truth: Truth, handset: WireHandset
) -> None:
    other = WireHandset(site.door, next(iter(site.people()["squad"])))
    other.enrol(Desk(site, "admin", Trace()).enrolment_code(other.officer_id))
    with site.app.app_context():
        case_id = read(lambda session: session.query(Case.id).scalar())
        watch = Watch(truth, read(common))
        asked = httpx.Request("GET", f"{API}/sync/pull", headers={"Authorization": f"Bearer {other.credential}"})
        read(watch.look, asked, httpx.Response(200, json={"changes": [{"op": "put", "id": str(case_id)}]}))
    assert isinstance(case_id, UUID)
    assert [finding.promise for finding in truth.findings] == ["P6"]
