"""Requests about a case: who asks, who decides, what is refused, what takes effect; suspensions end by themselves."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import world
from console import console
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from street import Street, street
from support.at_once import together
from support.office import Office
from support.rehearsal import rehearsed
from werkzeug.test import TestResponse

from server.base import uuid7
from server.casework import sweep_jobs
from server.casework.inbox.models import NoticeRow
from server.casework.models import CaseClock, CaseEvent, ClockPause
from server.clock import now, stamp, use
from server.db import read, transact
from server.identity.models import RoleGrant
from server.identity.operations import NewOfficer, create_officer, deactivate
from server.identity.rules import Role

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@dataclass
class Desk:
    """A case that a unit has, and everybody who may say something about it."""

    town: Street
    office: Office
    unit: world.Person
    case_id: UUID
    task_id: UUID

    @property
    def city(self) -> world.World:
        return self.town.city

    def ask(self, who: world.Person, kind: str, **members: object) -> TestResponse:
        body = {"kind": kind, "reason": "the road is closed", **members}
        path = f"/api/v1/cases/{self.case_id}/requests"
        return self.town.client.post(path, json=body, headers=self.headers(who))

    def asked(self, who: world.Person, kind: str, **members: object) -> str:
        answer = self.ask(who, kind, **members)
        assert answer.status_code == 201, answer.text
        request_id: str = answer.json["id"]
        return request_id

    def decide(self, who: world.Person, request_id: str, verdict: str, reason: str | None = None) -> TestResponse:
        path = f"/api/v1/requests/{request_id}/decision"
        return self.town.client.post(path, json={"verdict": verdict, "reason": reason}, headers=self.headers(who))

    def approved(self, who: world.Person, request_id: str) -> dict[str, Any]:
        answer = self.decide(who, request_id, "approve")
        assert answer.status_code == 200, answer.text
        request: dict[str, Any] = answer.json
        return request

    def headers(self, who: world.Person) -> dict[str, str]:
        return world.signed_in(self.town.client, who)

    def state(self) -> str:
        return str(self.town.case(self.case_id, self.headers(self.city.dispatcher))["state"])

    def clock(self, stage: str = "disposal") -> CaseClock:
        wanted = select(CaseClock).where(CaseClock.case_id == self.case_id, CaseClock.stage == stage)
        with self.town.app.app_context():
            return read(lambda session: session.scalars(wanted.order_by(CaseClock.round.desc())).first())  # type: ignore[return-value]  # it is there

    def due(self) -> datetime:
        due_at = self.clock().due_at
        assert due_at is not None
        return due_at

    def events(self) -> list[str]:
        wanted = select(CaseEvent.action).where(CaseEvent.case_id == self.case_id).order_by(CaseEvent.id)
        with self.town.app.app_context():
            return list(read(lambda session: session.scalars(wanted).all()))

    def notices(self, kind: str) -> list[NoticeRow]:
        wanted = select(NoticeRow).where(NoticeRow.kind == kind).order_by(NoticeRow.id)
        with self.town.app.app_context():
            return list(read(lambda session: session.scalars(wanted).all()))

    def work(self, job: Any = sweep_jobs.resume_suspended) -> None:  # noqa: ANN401 (server.jobs.Job)
        with self.town.app.app_context():
            job.run()


def person(app: Flask, login: str, role: Role, agency_id: UUID, squad_id: UUID | None = None) -> world.Person:
    facts = NewOfficer(
        agency_id=agency_id,
        login=login,
        name=f"测试 {login}",
        password_hash=world.hashed_password(),
        grants=((role, agency_id),),
        squad_id=squad_id,
    )
    with app.app_context():
        officer_id = transact(create_officer, facts)
    return world.Person(officer_id, login, facts.name, role, agency_id, squad_id)


@pytest.fixture
def desk(app: Flask, client: FlaskClient) -> Desk:
    town = street(app, client)

    def begin() -> tuple[world.Person, UUID, UUID]:
        unit = person(app, "unit", Role.UNIT, town.city.street_id, town.city.street_squad_id)
        return unit, *town.dispatched()

    return Desk(town, Office(app, town.city), *rehearsed(app, "a case that a unit has", begin))


def slug(answer: TestResponse) -> str:
    return str(answer.json["type"]).rpartition("/")[2]


def at(moment: datetime) -> Any:  # noqa: ANN401 (a context manager)
    return use(lambda: moment)


def until(days: int) -> str:
    return stamp(now() + days * DAY)


def test_an_extension_adds_the_original_limit_twice_and_no_more(desk: Desk) -> None:
    before = desk.clock()
    for times in (1, 2):
        request = desk.approved(desk.city.dispatcher, desk.asked(desk.unit, "extension"))
        assert (request["state"], request["waits_for"]) == ("approved", None)
        assert desk.clock().amount == before.amount * (times + 1)
    assert desk.due() > (before.due_at or now())
    refused = desk.ask(desk.unit, "extension")
    assert (refused.status_code, slug(refused), refused.json["why"]) == (409, "request-impossible", "used_up")
    assert desk.events()[-4:] == ["extension_asked", "extension_approved"] * 2


def test_more_time_is_neither_asked_nor_given_once_the_limit_has_passed(desk: Desk) -> None:
    waiting = desk.asked(desk.unit, "extension")
    before = desk.clock()
    with at(desk.due() + timedelta(milliseconds=1)):
        assert desk.ask(desk.unit, "suspension", until=until(9)).json["why"] == "overdue"
        refused = desk.decide(desk.city.dispatcher, waiting, "approve")
        assert (refused.status_code, refused.json["why"]) == (409, "overdue")
    assert desk.clock().amount == before.amount
    assert "extension_approved" not in desk.events()
    with at(desk.due()):
        desk.approved(desk.city.dispatcher, waiting)


def test_more_time_is_asked_only_while_the_unit_has_the_case(desk: Desk) -> None:
    assert desk.town.act(desk.case_id, "return", desk.headers(desk.unit), reason="not ours").status_code == 200
    refused = desk.ask(desk.city.supervisor, "extension")
    assert (slug(refused), refused.json["why"]) == ("request-impossible", "state")


def test_one_request_of_a_kind_is_open_at_a_time(desk: Desk) -> None:
    first = desk.asked(desk.unit, "extension")
    assert slug(desk.ask(desk.unit, "extension")) == "request-open"
    desk.asked(desk.unit, "suspension", until=until(9))
    answer = desk.town.client.post(f"/api/v1/requests/{first}/withdrawal", headers=desk.headers(desk.unit))
    assert answer.json["state"] == "withdrawn"
    desk.asked(desk.unit, "extension")


def test_only_who_asked_takes_a_request_back(desk: Desk) -> None:
    request_id = desk.asked(desk.unit, "extension")
    path = f"/api/v1/requests/{request_id}/withdrawal"
    assert desk.town.client.post(path, headers=desk.headers(desk.city.dispatcher)).status_code == 403
    desk.approved(desk.city.dispatcher, request_id)
    assert slug(desk.town.client.post(path, headers=desk.headers(desk.unit))) == "stale-version"


def test_who_asked_does_not_decide(desk: Desk) -> None:
    request_id = desk.asked(desk.city.dispatcher, "extension")
    refused = desk.decide(desk.city.dispatcher, request_id, "approve", "I may")
    assert (refused.status_code, slug(refused)) == (403, "second-person-needed")
    assert desk.decide(desk.unit, request_id, "approve").status_code == 403
    assert desk.approved(desk.city.supervisor, request_id)["single_person"] is False


def test_where_nobody_else_could_one_may_do_both_with_a_reason_and_a_mark(app: Flask, desk: Desk) -> None:
    request_id = desk.asked(desk.city.dispatcher, "extension")
    with app.app_context():
        for other in (desk.city.supervisor, desk.city.town_dispatcher):
            transact(deactivate, world.acting(app, desk.city.admin), other.id)
    assert desk.decide(desk.city.dispatcher, request_id, "approve").status_code == 422
    decided = desk.decide(desk.city.dispatcher, request_id, "approve", "I am alone here")
    assert decided.json["single_person"] is True


def test_a_rejection_needs_a_reason_and_is_told_to_who_asked(desk: Desk) -> None:
    request_id = desk.asked(desk.unit, "extension")
    assert desk.decide(desk.city.dispatcher, request_id, "reject").status_code == 422
    assert desk.decide(desk.city.dispatcher, request_id, "reject", "work faster").json["state"] == "rejected"
    assert slug(desk.decide(desk.city.supervisor, request_id, "approve")) == "stale-version"
    (asked,), (decided,) = desk.notices("request_asked"), desk.notices("request_decided")
    assert (asked.permission, asked.by_id) == ("decide_request", desk.unit.id)
    assert (decided.officer_id, decided.squad_id) == (desk.unit.id, desk.city.street_squad_id)


def test_a_unit_asks_for_its_own_cases_only(app: Flask, desk: Desk) -> None:
    other = person(app, "unit2", Role.UNIT, desk.city.street_id, desk.city.town_squad_id)
    assert desk.ask(other, "extension").status_code == 403
    elsewhere = person(app, "unit3", Role.UNIT, desk.city.town_id, desk.city.town_squad_id)
    assert desk.ask(elsewhere, "extension").status_code == 404
    assert desk.ask(desk.city.reviewer, "extension").status_code == 403
    assert desk.ask(desk.city.town_dispatcher, "extension").status_code == 404


def test_the_other_town_neither_sees_nor_decides(desk: Desk) -> None:
    request_id = desk.asked(desk.unit, "extension")
    assert desk.decide(desk.city.town_dispatcher, request_id, "approve").status_code == 404
    headers = desk.headers(desk.city.town_dispatcher)
    assert desk.town.client.get("/api/v1/requests", headers=headers).json["requests"] == []
    assert desk.town.client.get(f"/api/v1/cases/{desk.case_id}/requests", headers=headers).status_code == 404
    mine = desk.town.client.get("/api/v1/requests?state=open", headers=desk.headers(desk.unit)).json["requests"]
    assert [one["id"] for one in mine] == [request_id]


def test_a_suspension_is_within_a_year_and_once(desk: Desk) -> None:
    for wrong in (None, stamp(now() - HOUR), until(366)):
        assert "until" in desk.ask(desk.unit, "suspension", until=wrong).json["errors"]
    desk.approved(desk.city.dispatcher, desk.asked(desk.unit, "suspension", until=until(2)))
    assert desk.state() == "suspended"
    assert desk.clock().due_at is None
    with at(now() + 2 * DAY + timedelta(minutes=1)):
        desk.work()
        assert desk.state() == "dispatched"
        assert desk.ask(desk.unit, "suspension", until=until(2)).json["why"] == "used_up"


def test_a_suspension_ends_by_itself_at_the_promised_time_however_late_the_worker_comes(desk: Desk) -> None:
    promised = now() + 10 * DAY
    desk.approved(desk.city.dispatcher, desk.asked(desk.unit, "suspension", until=stamp(promised)))
    with at(promised - timedelta(seconds=1)):
        desk.work()
        assert desk.state() == "suspended"
    with at(promised + 7 * DAY):
        desk.work()
        desk.work()
        assert desk.state() == "dispatched"
    assert held(desk).ended_at == promised
    assert desk.events().count("resume") == 1
    assert len(desk.notices("resumed")) == 1


def test_work_that_is_done_before_the_worker_comes_ends_the_pause_at_the_promised_time_too(desk: Desk) -> None:
    promised = now() + 10 * DAY
    desk.approved(desk.city.dispatcher, desk.asked(desk.unit, "suspension", until=stamp(promised)))
    with at(promised + 3 * DAY):
        desk.town.answer(desk.task_id, "done")
        desk.work()
        assert desk.state() == "disposed"
    assert held(desk).ended_at == promised


def test_a_desk_resumes_before_the_promised_time(desk: Desk) -> None:
    desk.approved(desk.city.dispatcher, desk.asked(desk.unit, "suspension", until=until(10)))
    moment = now() + DAY
    with at(moment):
        answer = desk.town.act(desk.case_id, "resume", desk.headers(desk.city.dispatcher))
        assert answer.status_code == 200, answer.text
        assert desk.state() == "dispatched"
    assert held(desk).ended_at == moment
    with at(now() + 11 * DAY):
        desk.work()
    assert desk.events().count("resume") == 1


def test_two_workers_at_once_resume_a_case_once(desk: Desk) -> None:
    promised = now() + 2 * DAY
    desk.approved(desk.city.dispatcher, desk.asked(desk.unit, "suspension", until=stamp(promised)))
    with at(promised + HOUR):
        together(desk.work, desk.work)
    assert desk.events().count("resume") == 1
    assert held(desk).ended_at == promised


def test_two_deciders_at_once_decide_once(desk: Desk) -> None:
    request_id = desk.asked(desk.unit, "extension")
    before = desk.clock().amount
    answers: list[int] = []

    def approve(who: world.Person) -> None:
        client = desk.town.app.test_client()
        path = f"/api/v1/requests/{request_id}/decision"
        answers.append(client.post(path, json={"verdict": "approve"}, headers=headers[who]).status_code)

    headers = {who: desk.headers(who) for who in (desk.city.dispatcher, desk.city.supervisor)}
    together(lambda: approve(desk.city.dispatcher), lambda: approve(desk.city.supervisor))
    assert sorted(answers) == [200, 409]
    assert desk.clock().amount == before * 2


def held(desk: Desk) -> ClockPause:
    wanted = select(ClockPause).where(ClockPause.clock_id == desk.clock().id, ClockPause.why == "suspended")
    with desk.town.app.app_context():
        return read(lambda session: session.scalars(wanted).one())


def test_an_appeal_is_reviewed_by_two_and_never_erases_the_lateness(desk: Desk) -> None:
    assert desk.ask(desk.unit, "appeal").json["why"] == "not_late"
    with at(desk.due() + HOUR):
        desk.work(sweep_jobs.sweep_overdue)
        request_id = desk.asked(desk.unit, "appeal")
        first = desk.approved(desk.city.dispatcher, request_id)
        assert (first["state"], first["waits_for"]) == ("open", "review_appeal")
        assert desk.clock().exempted_at is None
        assert desk.decide(desk.city.supervisor, request_id, "approve").status_code == 403
        assert desk.approved(desk.city.reviewer, request_id)["state"] == "approved"
    assert (desk.clock().late, desk.clock().exempted_at is not None) == (True, True)
    assert [notice.permission for notice in desk.notices("request_asked")] == ["decide_request", "review_appeal"]
    assert desk.events()[-3:] == ["appeal_asked", "appeal_reviewed", "appeal_approved"]
    with at(desk.due() + 2 * HOUR):
        assert desk.ask(desk.unit, "appeal").json["why"] == "not_late"


def test_the_two_reviews_of_an_appeal_are_two_people(app: Flask, desk: Desk) -> None:
    with app.app_context():
        grant = RoleGrant(officer_id=desk.city.dispatcher.id, role="reviewer", agency_id=desk.city.city_id)
        transact(lambda session: session.add(grant))
    with at(desk.due() + HOUR):
        request_id = desk.asked(desk.unit, "appeal")
        desk.approved(desk.city.dispatcher, request_id)
        assert slug(desk.decide(desk.city.dispatcher, request_id, "approve")) == "second-person-needed"
        desk.approved(desk.city.reviewer, request_id)


def test_the_first_rejection_of_an_appeal_ends_it(desk: Desk) -> None:
    with at(desk.due() + HOUR):
        request_id = desk.asked(desk.unit, "appeal")
        assert desk.decide(desk.city.dispatcher, request_id, "reject", "no excuse").json["state"] == "rejected"
    assert desk.clock().exempted_at is None


def test_a_unit_does_not_appeal_for_the_desk(desk: Desk) -> None:
    assert desk.ask(desk.unit, "appeal", stage="dispatch").status_code == 403
    assert desk.ask(desk.city.dispatcher, "appeal", stage="dispatch").json["why"] == "not_late"


def test_a_forced_close_is_proposed_by_one_and_confirmed_by_another(desk: Desk) -> None:
    assert desk.ask(desk.unit, "force_close").status_code == 403
    request_id = desk.asked(desk.city.supervisor, "force_close")
    assert desk.state() == "dispatched"
    assert slug(desk.decide(desk.city.supervisor, request_id, "approve", "sure")) == "second-person-needed"
    assert desk.decide(desk.city.dispatcher, request_id, "approve").status_code == 403
    desk.approved(desk.city.acceptance, request_id)
    assert desk.state() == "forced_closed"
    refused = desk.ask(desk.city.supervisor, "force_close")
    assert (refused.status_code, slug(refused)) == (409, "illegal-transition")
    told = [(notice.officer_id, notice.squad_id) for notice in desk.notices("request_decided")]
    assert told == [(desk.city.supervisor.id, None)]


def test_what_cannot_take_effect_is_not_approved(desk: Desk) -> None:
    waiting = desk.asked(desk.unit, "suspension", until=until(20))
    desk.approved(desk.city.acceptance, desk.asked(desk.city.supervisor, "force_close"))
    assert desk.decide(desk.city.dispatcher, waiting, "approve").json["why"] == "state"
    assert desk.decide(desk.city.dispatcher, waiting, "reject", "it has ended").json["state"] == "rejected"


def test_what_the_cases_end_has_overtaken_waits_for_nobody(app: Flask, desk: Desk) -> None:
    def waiting() -> set[str]:
        answer = app.test_client().get("/api/v1/requests?state=open", headers=desk.headers(desk.city.dispatcher))
        return {one["id"] for one in answer.json["requests"]}

    overtaken = desk.asked(desk.unit, "suspension", until=until(20))
    with at(desk.due() + timedelta(minutes=1)):
        desk.work(sweep_jobs.sweep_overdue)
        appeal = desk.asked(desk.unit, "appeal", stage="disposal")
    assert waiting() == {overtaken, appeal}
    desk.approved(desk.city.acceptance, desk.asked(desk.city.supervisor, "force_close"))
    assert waiting() == {appeal}
    own = app.test_client().get(f"/api/v1/cases/{desk.case_id}/requests", headers=desk.headers(desk.city.dispatcher))
    assert {one["id"]: one["state"] for one in own.json["requests"]}[overtaken] == "open"


def test_a_request_that_nobody_knows_is_not_found(desk: Desk) -> None:
    assert desk.decide(desk.city.dispatcher, str(uuid7()), "approve").status_code == 404


def test_the_pages_ask_list_and_decide(app: Flask, desk: Desk) -> None:
    asking = console(app, desk.unit)
    path = f"/cases/{desk.case_id}/requests"
    assert f'href="{path}"' in asking.text(f"/cases/{desk.case_id}")
    assert "Nothing was asked for." in asking.text(path)
    assert asking.post(path, kind="suspension", reason="frost", until="2027-03-01T08:00").status_code == 303
    assert "Suspension" in asking.text(path)
    deciding = console(app, desk.city.dispatcher)
    assert "frost" in deciding.text("/requests")
    listed = desk.town.client.get("/api/v1/requests?state=open", headers=desk.headers(desk.city.dispatcher))
    (request,) = listed.json["requests"]
    assert request["until"] == "2027-03-01T00:00:00.000Z"
    assert deciding.post(f"/requests/{request['id']}", step="approve").status_code == 303
    assert desk.state() == "suspended"
    assert "There is nothing here." in deciding.text("/requests")
    assert "frost" in deciding.text("/requests?state=approved")
    assert asking.post(path, kind="nonsense", reason="x").status_code == 303
    assert console(app, desk.city.town_dispatcher).get(path).status_code == 404


def test_the_units_inbox_tells_of_its_work(desk: Desk) -> None:
    headers = desk.headers(desk.unit)
    found = desk.town.client.get("/api/v1/inbox", headers=headers).json["notices"]
    assert [(notice["kind"], notice["case_id"]) for notice in found] == [("dispatched", str(desk.case_id))]
    desk.town.act(desk.case_id, "return", headers, reason="not ours")
    desk_headers = desk.headers(desk.city.dispatcher)
    told = desk.town.client.get("/api/v1/inbox", headers=desk_headers).json["notices"]
    assert [(notice["kind"], notice["facts"].get("reason")) for notice in told] == [("returned", "not ours")]
