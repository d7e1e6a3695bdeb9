"""Retention and disposal: what is due, two people, seven days, holds, shared photographs, tombstones, a dead worker."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import world
from console import console
from flask import Flask
from flask.testing import FlaskClient
from street import Street, declared, sha256_of, street
from support.custody import custody, told
from support.rehearsal import rehearsed
from support.retiring import FIVE_YEARS, WEEK, Archive, later

from server.casework.operations.retiring import propose_due
from server.casework.retention_jobs import propose_yearly
from server.clock import use
from server.db import read, transact
from server.evidence.disposals import THE_SYSTEM
from server.evidence.erasing import erase_ended, execute_due
from server.evidence.models import Photo
from server.evidence.redactions import begin, note_made
from server.evidence.retention import years_before
from server.evidence.tombstones import execute
from server.identity.operations import deactivate


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    return street(app, client)


class RehearsedArchive(Archive):
    """An archive whose first case is lived once per test process."""

    def ended_case(self, *names: str, after: str) -> UUID:
        """See Archive."""

        def live() -> UUID:
            return Archive.ended_case(self, *names, after=after)

        return rehearsed(self.town.app, ("an ended case", names, after), live, files=True)


@pytest.fixture
def archive(town: Street) -> Archive:
    return RehearsedArchive(town)


def slug(response: object) -> str:
    return str(response.json["type"]).rpartition("/")[2]  # type: ignore[attr-defined]  # a test response


def photo(town: Street, name: str) -> Photo:
    with town.app.app_context():
        return read(lambda session: session.get_one(Photo, sha256_of(name)))


def test_a_whole_year_earlier_is_the_same_date() -> None:
    assert years_before(datetime(2026, 11, 22, 8, tzinfo=UTC), 5) == datetime(2021, 11, 22, 8, tzinfo=UTC)
    assert years_before(datetime(2028, 2, 29, tzinfo=UTC), 1) == datetime(2027, 2, 28, tzinfo=UTC)


def test_a_case_is_due_when_its_agencys_retention_is_over(town: Street, archive: Archive) -> None:
    case_id = archive.ended_case("near", after="after")
    town.report("open")
    assert archive.due() == []
    assert slug(archive.propose(case_id)) == "retention-runs"
    with later(FIVE_YEARS):
        assert archive.due() == [str(case_id)]
        rule = {"agency_id": str(town.city.city_id), "years": 10}
        assert town.client.put("/api/v1/retention", json=rule, headers=archive.admin).status_code == 204
        assert archive.due() == []
        below = {"agency_id": str(town.city.street_id), "years": 2}
        town.client.put("/api/v1/retention", json=below, headers=archive.admin)
        assert archive.due() == [str(case_id)]
    rules = town.client.get("/api/v1/retention", headers=archive.admin).json["rules"]
    assert [(rule["years"], rule["own"]) for rule in rules] == [(10, True), (2, True), (10, False)]
    assert told(town.app, "agency", town.city.street_id, "retention_set") == [
        {"owner_kind": "case", "years": 2, "former": None}
    ]


def test_what_two_people_decided_is_gone_after_seven_days_and_its_rows_stay(town: Street, archive: Archive) -> None:
    case_id = archive.ended_case("near", after="after")
    evidence_ids = [shot["id"] for shot in town.case(case_id)["evidence"]]
    with later(FIVE_YEARS):
        archive.approved(case_id)
        assert archive.work() == 0
        assert archive.has("near")
    with later(FIVE_YEARS + WEEK):
        assert archive.work() == 1
        assert not archive.has("near")
        assert not archive.has("after")
        (row,) = archive.listed("executed")
        assert row["single_person"] is False
        assert archive.due() == []
        assert slug(archive.propose(case_id)) == "nothing-to-dispose"
    shots = town.case(case_id)["evidence"]
    assert [shot["id"] for shot in shots] == evidence_ids
    assert all(shot["disposed_at"] and shot["photo"] is None for shot in shots)
    gone = photo(town, "near")
    assert (gone.disposed_at is not None, gone.deleting_at, gone.facts) == (True, None, "{}")
    assert told(town.app, "case", case_id, "disposed")[0]["photos"] == 2
    for subject in (("evidence", evidence_ids[0]), ("photo", sha256_of("near"))):
        events = custody(town.app, *subject)
        assert {event.facts for event in events if event.kind != "disposed"} == {""}
        assert [event.kind for event in events].count("disposed") == 1
    reader = archive.headers(town.city.reviewer)
    assert town.client.get(f"/api/v1/photos/{sha256_of('near')}", headers=reader).status_code == 404
    refused = town.client.post(
        f"/api/v1/evidence/{shots[0]['id']}/review", json={"verdict": "accepted"}, headers=reader
    )
    assert slug(refused) == "photo-disposed"


def test_the_proposer_does_not_approve_while_somebody_else_could(archive: Archive) -> None:
    case_id = archive.ended_case("near", after="after")
    with later(FIVE_YEARS):
        proposed = archive.propose(case_id).json["id"]
        assert slug(archive.decide(proposed, "approve", archive.admin, reason="mine")) == "second-person-needed"
        assert slug(archive.propose(case_id)) == "stale-version"


def test_where_nobody_else_could_one_person_does_both_with_a_reason_and_is_marked(
    town: Street, archive: Archive
) -> None:
    case_id = archive.ended_case("near", after="after")
    with town.app.app_context():
        transact(deactivate, world.acting(town.app, town.city.admin), town.city.second_admin.id)
    with later(FIVE_YEARS):
        proposed = archive.propose(case_id).json["id"]
        assert archive.decide(proposed, "approve", archive.admin).status_code == 422
        done = archive.decide(proposed, "approve", archive.admin, reason="the only administrator")
        assert (done.json["state"], done.json["single_person"]) == ("approved", True)
    (event,) = told(town.app, "case", case_id, "disposal_approved")
    assert event["single_person"] is True


def test_a_refused_disposal_is_never_executed_and_may_be_proposed_again(archive: Archive) -> None:
    case_id = archive.ended_case("near", after="after")
    with later(FIVE_YEARS):
        disposal_id = archive.approved(case_id)
        assert archive.decide(disposal_id, "refuse").status_code == 422
        assert archive.decide(disposal_id, "refuse", reason="an appeal is coming").json["state"] == "refused"
        assert archive.decide(disposal_id, "approve").status_code == 409
    with later(FIVE_YEARS + WEEK):
        assert archive.work() == 0
        assert archive.has("near")
        assert archive.propose(case_id).status_code == 201


def test_an_open_hold_stops_proposing_approving_and_executing(town: Street, archive: Archive) -> None:
    case_id, other_id = archive.ended_case("near", after="after"), archive.ended_case("far", after="clean")
    url = f"/api/v1/cases/{case_id}/holds"
    with later(FIVE_YEARS):
        clerk = archive.headers(town.city.reviewer)
        archive.approved(case_id)
        proposed = archive.propose(other_id).json["id"]
        hold = town.client.post(url, json={"reason": "the court asks"}, headers=clerk).json["id"]
        town.client.post(f"/api/v1/cases/{other_id}/holds", json={"reason": "the court asks"}, headers=clerk)
        assert slug(archive.decide(proposed, "approve")) == "legal-hold"
    with later(FIVE_YEARS + WEEK):
        assert archive.work() == 0
        assert archive.has("near")
        clerk = archive.headers(town.city.reviewer)
        assert town.client.post(f"{url}/{hold}/release", json={"reason": "over"}, headers=clerk).status_code == 204
        assert archive.work() == 1
        assert not archive.has("near")
        assert archive.decide(proposed, "refuse", reason="held").status_code == 200
        assert slug(archive.propose(other_id)) == "legal-hold"
        assert archive.due() == []


def test_what_another_case_shows_keeps_its_bytes_until_that_one_is_disposed_of_too(
    town: Street, archive: Archive
) -> None:
    first, second = archive.ended_case("shared", after="after 1"), archive.ended_case("shared", after="after 2")
    with later(FIVE_YEARS):
        archive.approved(first)
    with later(FIVE_YEARS + WEEK):
        assert archive.work() == 1
        assert (archive.has("shared"), archive.has("after 1")) == (True, False)
        assert photo(town, "shared").disposed_at is None
        archive.approved(second)
    with later(FIVE_YEARS + 2 * WEEK):
        assert archive.work() == 1
        assert not archive.has("shared")
    assert told(town.app, "case", first, "disposed")[0]["shared"] == 1
    assert told(town.app, "case", second, "disposed")[0]["shared"] == 0


def test_bytes_that_a_killed_worker_left_behind_are_erased_by_the_next(town: Street, archive: Archive) -> None:
    case_id = archive.ended_case("near", after="after")
    with later(FIVE_YEARS):
        disposal_id = UUID(archive.approved(case_id))
        archive.work()
    with later(FIVE_YEARS + WEEK):
        with town.app.app_context():
            assert transact(execute, disposal_id) is not None
            # Killed here: the rows say that they go, the bytes are there.
        assert archive.has("near")
        assert photo(town, "near").deleting_at is not None
        with town.app.app_context():
            assert (execute_due(), erase_ended(), erase_ended()) == (0, 2, 0)
        assert not archive.has("near")


def test_events_that_are_not_in_the_log_yet_are_waited_for(town: Street, archive: Archive) -> None:
    case_id = archive.ended_case("near", after="after")
    with later(FIVE_YEARS):
        archive.approved(case_id)
    with later(FIVE_YEARS + WEEK):
        with town.app.app_context():
            assert execute_due() == 0
        assert archive.has("near")
        assert archive.work() == 1


def test_the_same_photograph_may_be_brought_anew_for_another_case(town: Street, archive: Archive) -> None:
    case_id = archive.ended_case("near", after="after")
    with later(FIVE_YEARS):
        archive.approved(case_id)
    with later(FIVE_YEARS + WEEK):
        archive.work()
        anew = town.report("near")
        town.upload("near")
        (shot,) = archive.shots(anew)
        assert shot["present_at"] is not None
        old = next(one for one in archive.shots(case_id) if one["role"] == "near")
        assert (old["disposed_at"] is not None, old["photo"]) == (True, None)
        reader = archive.headers(town.city.reviewer)
        url = f"/api/v1/evidence/{old['id']}/public"
        assert slug(town.client.get(url, headers=reader)) == "photo-disposed"


def test_photographs_that_came_after_the_disposal_are_due_again(town: Street, archive: Archive) -> None:
    case_id = archive.ended_case("near", after="after")
    task_id = town.task(case_id, "disposal")
    with later(FIVE_YEARS):
        archive.approved(case_id)
    with later(FIVE_YEARS + WEEK):
        archive.work()
        town.answer(task_id, "done", photos=declared("late", role="after"))
        assert archive.due() == [str(case_id)]


def test_the_yearly_job_proposes_what_is_due_once_and_asks_again_after_a_refusal_next_year(
    town: Street, archive: Archive
) -> None:
    case_id = archive.ended_case("near", after="after")
    with later(FIVE_YEARS) as moment, town.app.app_context():
        assert (transact(propose_due, 5), transact(propose_due, 5)) == (1, 0)
        (row,) = archive.listed("proposed")
        assert (row["proposed_by"], row["owner_id"]) == (str(THE_SYSTEM), str(case_id))
        archive.decide(row["id"], "refuse", reason="keep it for the exhibition")
        assert transact(propose_due, 5) == 0
        with use(lambda: moment + timedelta(days=340)):
            assert transact(propose_due, 5) == 1


@pytest.mark.parametrize(("month", "proposed"), [(1, 1), (6, 0)])
def test_the_job_of_the_year_proposes_in_january(town: Street, archive: Archive, month: int, proposed: int) -> None:
    archive.ended_case("near", after="after")
    moment = datetime(2050, month, 3, 8, tzinfo=UTC)
    with use(lambda: moment), town.app.app_context():
        propose_yearly.run()
        assert len(archive.listed("proposed")) == proposed


def test_only_administrators_of_the_agency_decide(town: Street, archive: Archive) -> None:
    case_id = archive.ended_case("near", after="after")
    with later(FIVE_YEARS):
        assert archive.propose(case_id, archive.headers(town.city.dispatcher)).status_code == 403
        elsewhere = archive.headers(town.city.town_admin)
        assert archive.propose(case_id, elsewhere).status_code == 404
        proposed = archive.propose(case_id).json["id"]
        assert archive.decide(proposed, "approve", elsewhere).status_code == 404
        assert archive.decide(proposed, "approve", archive.headers(town.city.dispatcher)).status_code == 403
        rule = {"agency_id": str(town.city.city_id), "years": 1}
        assert town.client.put("/api/v1/retention", json=rule, headers=elsewhere).status_code == 404
        rule = {"agency_id": str(town.city.town_id), "years": 0}
        assert town.client.put("/api/v1/retention", json=rule, headers=elsewhere).status_code == 422


def test_the_page_goes_from_due_to_executed(town: Street, archive: Archive) -> None:
    case_id = archive.ended_case("near", after="after")
    with later(FIVE_YEARS):
        one, other = console(town.app, town.city.admin), console(town.app, town.city.second_admin)
        assert "No case is past its retention" not in one.text("/retention")
        one.post("/retention/propose", case_id=str(case_id), reason="the five years are over")
        (row,) = archive.listed("proposed")
        assert "the five years are over" in other.text("/retention")
        other.post("/retention/approve", disposal_id=row["id"], version=row["version"], reason="")
        assert "Nothing waits for its execution" not in other.text("/retention")
        other.post("/retention/rule", agency_id=str(town.city.town_id), years="3")
    with later(FIVE_YEARS + WEEK):
        archive.work()
        assert "Disposed of" in console(town.app, town.city.admin).text("/retention")
        assert "Disposed of" in console(town.app, town.city.reviewer).text(f"/cases/{case_id}")
    rules = json.loads(town.client.get("/api/v1/retention", headers=archive.admin).text)["rules"]
    assert [rule["years"] for rule in rules] == [5, 5, 3]


def test_a_redaction_made_while_its_photograph_was_disposed_of_leaves_nothing(town: Street, archive: Archive) -> None:
    case_id = archive.ended_case("near", after="after")
    shot = next(one for one in archive.shots(case_id) if one["role"] == "near")
    body = {"regions": [[0.1, 0.1, 0.2, 0.2]], "reason": "a face"}
    clerk = archive.headers(town.city.reviewer)
    made = town.client.post(f"/api/v1/evidence/{shot['id']}/redactions", json=body, headers=clerk).json["id"]
    with later(FIVE_YEARS):
        archive.approved(case_id)
    with later(FIVE_YEARS + WEEK), town.app.app_context():
        asked = transact(begin, UUID(made), "r2")
        assert asked is not None
        assert archive.work() == 1
        assert transact(note_made, UUID(made), "r2") is False
        assert transact(begin, UUID(made), "r3") is None
