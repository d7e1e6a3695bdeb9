"""Two people, or a person and the worker, at the same evidence at the same moment; each pair in both orders.

On PostgreSQL: SQLite has one writer at a time.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import world
from flask import Flask
from flask.testing import FlaskClient
from street import Street, declared, sha256_of, street
from support.custody import number_all
from support.forced_points import COMMIT, Point, interleave
from support.retiring import FIVE_YEARS, WEEK, Archive, later

from server.casework.operations.holding import place_hold
from server.db import read, transact
from server.evidence.erasing import erase_ended
from server.evidence.models import Disposal, Photo
from server.evidence.tombstones import execute


@pytest.fixture
def database(postgresql_database: str) -> str:
    return postgresql_database


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    return street(app, client)


def in_order(works: list[Callable[[], Any]], *, turned: bool) -> list[Callable[[], Any]]:
    return works[::-1] if turned else works


@pytest.mark.parametrize("turned", [False, True], ids=["reviewer first", "supervisor first"])
def test_of_two_verdicts_on_one_version_one_counts(app: Flask, town: Street, *, turned: bool) -> None:
    town.report("near")
    town.upload("near")
    (shot,) = town.client.get("/api/v1/evidence", headers=town.desk).json["evidence"]

    def judge(person: world.Person, verdict: str) -> Callable[[], int]:
        headers = world.signed_in(app.test_client(), person)
        body = {"verdict": verdict, "reason": "dark", "version": shot["version"]}
        url = f"/api/v1/evidence/{shot['id']}/review"
        return lambda: app.test_client().post(url, json=body, headers=headers).status_code

    first, second = in_order(
        [judge(town.city.reviewer, "accepted"), judge(town.city.supervisor, "returned")], turned=turned
    )
    held = interleave(app, first, Point(COMMIT, after="UPDATE evidence"), second)
    assert (held.first, held.second, held.waited) == (200, 409, True)


@pytest.mark.parametrize("turned", [False, True], ids=["hold first", "execution first"])
def test_a_hold_stops_a_disposal_or_comes_after_it(app: Flask, town: Street, *, turned: bool) -> None:
    archive = Archive(town)
    case_id = archive.ended_case("near", after="after")
    with later(FIVE_YEARS):
        disposal_id = UUID(archive.approved(case_id))
    clerk = world.acting(app, town.city.reviewer)
    number_all(app)

    def hold() -> object:
        with app.app_context():
            return transact(place_hold, clerk, case_id, reason="the court asks")

    def end() -> object:
        with app.app_context():
            return transact(execute, disposal_id)

    first, second = in_order([hold, end], turned=turned)
    after = "UPDATE disposal" if turned else "INTO legal_hold"
    with later(FIVE_YEARS + WEEK):
        held = interleave(app, first, Point(COMMIT, after=after), second)
        with app.app_context():
            state = read(lambda session: session.get_one(Disposal, disposal_id).state)
            erase_ended()
    assert held.waited
    assert (state, archive.has("near")) == (("executed", False) if turned else ("approved", True))


def test_of_two_disposals_that_share_a_photograph_the_second_ends_it(app: Flask, town: Street) -> None:
    archive = Archive(town)
    cases = [archive.ended_case("shared", after=f"after {number}") for number in range(2)]
    with later(FIVE_YEARS):
        ids = [UUID(archive.approved(case_id)) for case_id in cases]
    number_all(app)

    def end(disposal_id: UUID) -> Callable[[], Any]:
        def run() -> object:
            with app.app_context():
                return transact(execute, disposal_id)

        return run

    with later(FIVE_YEARS + WEEK):
        held = interleave(app, end(ids[0]), Point(COMMIT, after="UPDATE disposal"), end(ids[1]))
        with app.app_context():
            erase_ended()
    assert held.waited
    assert (held.first.erased, held.first.shared) == (1, 1)
    assert (held.second.erased, held.second.shared) == (2, 0)
    assert not archive.has("shared")


@pytest.mark.parametrize("turned", [False, True], ids=["report first", "execution first"])
def test_a_photograph_that_is_declared_anew_is_kept_or_asked_for_again(
    app: Flask, town: Street, *, turned: bool
) -> None:
    archive = Archive(town)
    case_id = archive.ended_case("near", after="after")
    with later(FIVE_YEARS):
        disposal_id = UUID(archive.approved(case_id))
    number_all(app)
    works: list[Callable[[], Any]] = [lambda: town.report("near"), lambda: _end(app, disposal_id)]
    after = "UPDATE disposal" if turned else "INTO evidence"
    first, second = in_order(works, turned=turned)
    with later(FIVE_YEARS + WEEK):
        held = interleave(app, first, Point(COMMIT, after=after), second)
        with app.app_context():
            erase_ended()
            gone = read(lambda session: session.get_one(Photo, sha256_of("near")).disposed_at)
        anew = held.second if turned else held.first
        (shot,) = archive.shots(anew)
    assert held.waited
    assert (gone is None, archive.has("near"), shot["present_at"] is not None) == (not turned, not turned, not turned)


def _end(app: Flask, disposal_id: UUID) -> object:
    with app.app_context():
        return transact(execute, disposal_id)


@pytest.mark.parametrize("turned", [False, True], ids=["answer first", "reviewer first"])
def test_a_proposal_never_writes_over_what_a_reviewer_says(app: Flask, town: Street, *, turned: bool) -> None:
    case_id, task_id = town.dispatched("near")
    town.answer(task_id, "done", photos=declared("after 1", role="after"))
    after_id = next(one["id"] for one in town.case(case_id)["evidence"] if one["role"] == "after")
    headers = world.signed_in(app.test_client(), town.city.reviewer)

    def part() -> int:
        url = f"/api/v1/evidence/{after_id}/before"
        return app.test_client().put(url, json={"before_id": None}, headers=headers).status_code

    works: list[Callable[[], Any]] = [
        lambda: town.answer(task_id, "done", photos=declared("after 2", role="after")),
        part,
    ]
    first, second = in_order(works, turned=turned)
    after = "UPDATE evidence" if turned else "INTO evidence"
    interleave(app, first, Point(COMMIT, after=after), second)
    shots = {one["sha256"]: one for one in town.case(case_id)["evidence"]}
    assert shots[sha256_of("after 1")]["before_id"] is None
    assert shots[sha256_of("after 2")]["before_id"] == shots[sha256_of("near")]["id"]
