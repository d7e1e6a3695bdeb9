"""Which photograph an after-photograph answers: proposed in any order of arrival, said by a reviewer for good."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
import world
from console import console
from flask import Flask
from flask.testing import FlaskClient
from street import Street, declared, sha256_of, street
from support.custody import told
from werkzeug.test import TestResponse

from server.base import uuid7
from server.casework import operations as casework
from server.casework.proposals import Addition
from server.clock import now
from server.db import read, transact
from server.evidence.board import group
from server.evidence.queries import of_owner


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    return street(app, client)


@pytest.fixture
def reviewer(town: Street) -> dict[str, str]:
    return world.signed_in(town.client, town.city.reviewer)


def shots(town: Street, case_id: UUID) -> dict[str, dict[str, object]]:
    """Return the evidence of a case by hash."""
    return {shot["sha256"]: shot for shot in town.case(case_id)["evidence"]}


def partners(town: Street, case_id: UUID, *names: str) -> dict[str, str | None]:
    """Return by the hash of each shot that answers one the hash of the other, for ``names``."""
    known = shots(town, case_id)
    by_id = {shot["id"]: sha256 for sha256, shot in known.items()}
    return {name: by_id.get(known[sha256_of(name)]["before_id"]) for name in names}


def add(town: Street, case_id: UUID, name: str, role: str) -> None:
    """Let the reporter add a photograph to the report later."""
    reporter = casework.Reporter(
        town.city.collector.id, town.collector.install_id, town.city.collector.agency_id, None, "collector"
    )
    facts = Addition(uuid7(), case_id, None, None, None, declared(name, role=role), now(), now())
    with town.app.app_context():
        transact(casework.add_evidence, reporter, facts)


def pair(town: Street, headers: dict[str, str], after: object, before: object, **more: object) -> TestResponse:
    return town.client.put(f"/api/v1/evidence/{after}/before", json={"before_id": before, **more}, headers=headers)


def finish(town: Street, task_id: UUID, *names: str, assignment_no: int = 1) -> None:
    town.answer(task_id, "done", photos=declared(*names, role="after"), assignment_no=assignment_no)


@pytest.mark.parametrize("late", [False, True], ids=["before the answer", "after the answer"])
def test_the_view_that_shows_most_of_the_place_is_proposed_whenever_it_comes(town: Street, *, late: bool) -> None:
    case_id, task_id = town.dispatched("near")
    steps: list[Callable[[], None]] = [
        lambda: add(town, case_id, "far", "far"),
        lambda: finish(town, task_id, "after 1", "after 2", "after 3"),
    ]
    for step in reversed(steps) if late else steps:
        step()
    proposed = partners(town, case_id, "after 1", "after 2", "after 3")
    assert proposed == {"after 1": sha256_of("far"), "after 2": sha256_of("near"), "after 3": None}


def test_each_round_is_paired_anew_and_the_newest_stands_beside_its_partner(town: Street) -> None:
    case_id, task_id = town.dispatched("near")
    finish(town, task_id, "first")
    town.act(case_id, "send_check")
    town.act(case_id, "redo", reason="not clean")
    finish(town, task_id, "second", assignment_no=2)
    assert partners(town, case_id, "first", "second") == dict.fromkeys(("first", "second"), sha256_of("near"))
    with town.app.app_context():
        board = group(read(of_owner, "case", case_id))
    ((before, after),) = board.pairs
    assert (before.sha256, after.sha256) == (sha256_of("near"), sha256_of("second"))
    assert [one.sha256 for one in board.singles] == [sha256_of("first")]


def test_what_a_reviewer_says_stays_when_more_photographs_come(town: Street, reviewer: dict[str, str]) -> None:
    case_id, task_id = town.dispatched("near 1", "near 2")
    finish(town, task_id, "after 1", "after 2")
    known = shots(town, case_id)
    after, other = known[sha256_of("after 1")], known[sha256_of("after 2")]
    said = pair(town, reviewer, after["id"], known[sha256_of("near 2")]["id"], version=after["version"])
    assert (said.status_code, said.json["before_id"]) == (200, known[sha256_of("near 2")]["id"])
    assert pair(town, reviewer, other["id"], None).status_code == 200
    add(town, case_id, "far", "far")
    assert partners(town, case_id, "after 1", "after 2") == {"after 1": sha256_of("near 2"), "after 2": None}
    with town.app.app_context():
        board = group(read(of_owner, "case", case_id))
    assert [(one.sha256, two.sha256) for one, two in board.pairs] == [(sha256_of("near 2"), sha256_of("after 1"))]
    (event,) = told(town.app, "evidence", after["id"], "paired")
    assert event == {"before_id": known[sha256_of("near 2")]["id"], "former": known[sha256_of("near 1")]["id"]}


def test_a_pair_is_of_one_case_and_of_both_sides(town: Street, reviewer: dict[str, str]) -> None:
    case_id, task_id = town.dispatched("near")
    elsewhere = town.report("other")
    finish(town, task_id, "after")
    known = shots(town, case_id)
    after, near = known[sha256_of("after")], known[sha256_of("near")]
    foreign = shots(town, elsewhere)[sha256_of("other")]
    for wrong_after, wrong_before in ((after, foreign), (after, after), (near, near), (after, {"id": str(uuid4())})):
        refused = pair(town, reviewer, wrong_after["id"], wrong_before["id"])
        assert (refused.status_code, list(refused.json["errors"])) == (422, ["before_id"])


def test_a_pair_on_what_somebody_else_has_changed_is_stale_and_only_reviewers_pair(
    town: Street, reviewer: dict[str, str]
) -> None:
    case_id, task_id = town.dispatched("near")
    finish(town, task_id, "after")
    after = shots(town, case_id)[sha256_of("after")]
    assert pair(town, reviewer, after["id"], None, version=after["version"]).status_code == 200
    assert pair(town, reviewer, after["id"], None, version=after["version"]).status_code == 409
    assert pair(town, town.desk, after["id"], None).status_code == 403
    assert pair(town, reviewer, uuid4(), None).status_code == 404


def test_the_page_of_a_photograph_pairs_it(town: Street) -> None:
    case_id, task_id = town.dispatched("near")
    finish(town, task_id, "after")
    after = shots(town, case_id)[sha256_of("after")]
    desk = console(town.app, town.city.reviewer)
    assert "Proposed by the roles" in desk.text(f"/evidence/{after['id']}")
    desk.post(f"/evidence/{after['id']}/before", before_id="", version=str(after["version"]))
    assert "Chosen by a reviewer" in desk.text(f"/evidence/{after['id']}")
    assert partners(town, case_id, "after") == {"after": None}
