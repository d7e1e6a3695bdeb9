"""Wanted photographs: what somebody waits for comes first, each hash once, and only what this install owes."""

from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from street import Street, declared, sha256_of, street

from server.casework.models import Case
from server.clock import now
from server.db import read, transact
from server.gateway.wants import REASONS, photo_wants


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    return street(app, client)


def wants(town: Street, install_id: UUID | None = None, limit: int = 50) -> list[tuple[str, object]]:
    with town.app.app_context():
        found = read(photo_wants, install_id or town.collector.install_id, limit)
    assert all(want["reason"] == REASONS[int(str(want["priority"]))] for want in found)
    return [(str(want["sha256"]), want["priority"]) for want in found]


def put_into(town: Street, case_id: UUID, state: str) -> None:
    """Set a case's state beside the desk's steps, with the facts that the table demands of it."""
    facts = {
        "case_no": str(case_id)[-12:],
        "filed_at": now(),
        "squad_id": town.city.street_squad_id,
        "dispatched_at": now(),
        "closed_at": now() if state in {"closed", "self_handled"} else None,
    }
    chosen = update(Case).where(Case.id == case_id).values(state=state, **facts)
    with town.app.app_context():
        transact(lambda session: session.execute(chosen.execution_options(unmarked="a test")).close())


def test_the_state_of_the_case_decides_what_comes_first(town: Street) -> None:
    expected = {
        "disposed": 1,
        "checking": 1,
        "filed": 2,
        "dispatched": 2,
        "in_disposal": 2,
        "reported": 3,
        "closed": 4,
        "self_handled": 4,
    }
    for state in reversed(expected):
        case_id = town.report(state)
        if state != "reported":
            put_into(town, case_id, state)
    found = wants(town)
    assert dict(found) == {sha256_of(state): priority for state, priority in expected.items()}
    assert [priority for _sha256, priority in found] == sorted(expected.values())
    assert wants(town, limit=2) == found[:2]


def test_of_equal_urgency_the_longest_declared_comes_first(town: Street) -> None:
    for name in ("zebra", "apple", "melon"):
        town.report(name)
    assert [sha256 for sha256, _ in wants(town)] == [sha256_of(name) for name in ("zebra", "apple", "melon")]


def test_a_photograph_in_two_cases_is_wanted_once_for_the_more_urgent(town: Street) -> None:
    urgent = town.report("same")
    put_into(town, town.report("same"), "closed")
    put_into(town, urgent, "checking")
    assert wants(town) == [(sha256_of("same"), 1)]


def test_what_arrived_is_not_wanted_and_others_debts_are_not_ours(town: Street) -> None:
    town.report("here", "missing")
    town.upload("here")
    _case_id, task_id = town.dispatched()
    town.answer(task_id, "started", photos=declared("after", role="after"))
    assert wants(town) == [(sha256_of("missing"), 3)]
    assert wants(town, town.enforcer.install_id) == [(sha256_of("after"), 2)]
