"""The inbox: who is told, by officer, squad and permission; what is unread; what is removed after 90 days."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import world
from console import console
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from support.office import Office
from support.statements import statements

from server.base import uuid7
from server.casework.inbox import Kind, Notice, To, tell
from server.casework.inbox.jobs import forget_old
from server.casework.inbox.models import InboxFloor, NoticeRead, NoticeRow
from server.clock import now, use
from server.db import transact
from server.identity.operations import NewOfficer, create_officer
from server.identity.passwords import hash_password
from server.identity.rules import Permission, Role

Tell = Callable[..., None]


@pytest.fixture
def told(app: Flask, city: world.World) -> Tell:
    def write(to: To, *, agency_id: UUID | None = None, times: int = 1, **members: Any) -> None:  # noqa: ANN401 (those of Notice)
        def all_of_them(session: Session) -> None:
            for _time in range(times):
                tell(session, Notice(Kind.OVERDUE, to, agency_id or city.street_id, **members))

        with app.app_context():
            transact(all_of_them)

    return write


@pytest.fixture
def unit(app: Flask, city: world.World) -> world.Person:
    """Return the unit account of the street's squad."""
    facts = NewOfficer(
        agency_id=city.street_id,
        login="unit",
        name="测试 unit",
        password_hash=hash_password(world.PASSWORD, 1),
        grants=((Role.UNIT, city.street_id),),
        squad_id=city.street_squad_id,
    )
    with app.app_context():
        officer_id = transact(create_officer, facts)
    return replace(city.enforcer, id=officer_id, login="unit", name=facts.name, role=Role.UNIT)


def listed(office: Office, person: world.Person, **query: str) -> list[dict[str, Any]]:
    found = office.app.test_client().get("/api/v1/inbox", query_string=query, headers=office.headers_of(person))
    assert found.status_code == 200, found.text
    notices: list[dict[str, Any]] = found.json["notices"]
    return notices


def unread(office: Office, person: world.Person) -> tuple[int, bool]:
    found = office.app.test_client().get("/api/v1/inbox/unread", headers=office.headers_of(person))
    assert found.status_code == 200, found.text
    return found.json["count"], found.json["more"]


def mark(office: Office, person: world.Person, notice_id: str) -> int:
    path = f"/api/v1/inbox/{notice_id}/read"
    return office.app.test_client().post(path, headers=office.headers_of(person)).status_code


def mark_all(office: Office, person: world.Person, through: str | None = None) -> int:
    body = {"through": through}
    answer = office.app.test_client().post("/api/v1/inbox/read", json=body, headers=office.headers_of(person))
    assert answer.status_code == 200, answer.text
    marked: int = answer.json["marked"]
    return marked


def rows(office: Office, table: type[Any]) -> int:
    found: int = office.rows(lambda session: session.scalar(select(func.count()).select_from(table)))
    return found


def test_a_notice_for_an_officer_is_nobody_elses(office: Office, told: Tell) -> None:
    told(To(officer_id=office.city.reviewer.id))
    assert unread(office, office.city.reviewer) == (1, False)
    assert unread(office, office.city.supervisor) == (0, False)
    (notice,) = listed(office, office.city.reviewer)
    assert mark(office, office.city.supervisor, notice["id"]) == 404
    assert mark(office, office.city.reviewer, notice["id"]) == 204
    assert unread(office, office.city.reviewer) == (0, False)
    assert listed(office, office.city.reviewer)[0]["read"] is True
    assert listed(office, office.city.reviewer, unread="1") == []


def test_whoever_may_dispatch_there_is_told_and_reads_for_himself(office: Office, told: Tell) -> None:
    city = office.city
    told(To(permission=Permission.DISPATCH_CASE))
    told(To(permission=Permission.DISPATCH_CASE), agency_id=city.town_id)
    assert unread(office, city.dispatcher) == (2, False)
    assert unread(office, city.town_dispatcher) == (1, False)
    assert unread(office, city.acceptance) == (0, False)
    (notice,) = listed(office, city.town_dispatcher)
    assert notice["agency_id"] == str(city.town_id)
    assert mark(office, city.town_dispatcher, notice["id"]) == 204
    assert unread(office, city.town_dispatcher) == (0, False)
    assert unread(office, city.dispatcher) == (2, False)


def test_a_new_role_shows_what_it_was_told_before(app: Flask, office: Office, told: Tell) -> None:
    told(To(permission=Permission.REVIEW_APPEAL))
    later = replace(office.city.reviewer, login="late", role=Role.REVIEWER)
    facts = NewOfficer(
        agency_id=office.city.street_id,
        login="late",
        name="late",
        password_hash=hash_password(world.PASSWORD, 1),
        grants=((Role.REVIEWER, office.city.street_id),),
    )
    with app.app_context():
        transact(create_officer, facts)
    assert unread(office, later) == (1, False)


def test_a_squads_notice_is_for_its_unit_account_only(office: Office, told: Tell, unit: world.Person) -> None:
    told(To(squad_id=office.city.street_squad_id))
    told(To(squad_id=office.city.town_squad_id), agency_id=office.city.town_id)
    assert unread(office, unit) == (1, False)
    assert unread(office, office.city.dispatcher) == (0, False)


def test_who_did_it_is_not_told_of_it_among_many(office: Office, told: Tell) -> None:
    told(To(permission=Permission.DISPATCH_CASE), by_id=office.city.dispatcher.id)
    assert unread(office, office.city.dispatcher) == (0, False)
    told(To(permission=Permission.DISPATCH_CASE), by_id=office.city.supervisor.id)
    (notice,) = listed(office, office.city.dispatcher)
    assert notice["by"] == office.city.supervisor.name


def test_a_notice_for_several_is_one_to_whom_it_reaches_twice(office: Office, told: Tell, unit: world.Person) -> None:
    told(To(squad_id=office.city.street_squad_id, permission=Permission.READ_CASES, officer_id=unit.id))
    assert unread(office, unit) == (1, False)
    assert len(listed(office, unit)) == 1
    assert unread(office, office.city.supervisor) == (1, False)


def test_a_notice_is_for_somebody() -> None:
    with pytest.raises(ValueError, match="for somebody"):
        To()


def test_more_than_99_are_not_counted(office: Office, told: Tell) -> None:
    told(To(officer_id=office.city.reviewer.id), times=99)
    assert unread(office, office.city.reviewer) == (99, False)
    told(To(officer_id=office.city.reviewer.id))
    assert unread(office, office.city.reviewer) == (99, True)
    assert "99+" in console(office.app, office.city.reviewer).text("/inbox")


def test_a_page_continues_where_the_one_before_ended(office: Office, told: Tell) -> None:
    told(To(officer_id=office.city.reviewer.id), times=3)
    told(To(permission=Permission.REVIEW_APPEAL), times=2)
    headers = office.headers_of(office.city.reviewer)
    seen: list[str] = []
    after = ""
    while after is not None:
        query = {"limit": "2", **({"after": after} if after else {})}
        page = office.app.test_client().get("/api/v1/inbox", query_string=query, headers=headers).json
        seen += [notice["id"] for notice in page["notices"]]
        after = page["next"]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 5


def test_all_is_read_up_to_what_the_page_showed(office: Office, told: Tell) -> None:
    told(To(officer_id=office.city.reviewer.id), times=3)
    shown = listed(office, office.city.reviewer)[0]["id"]
    told(To(officer_id=office.city.reviewer.id))
    assert mark_all(office, office.city.reviewer, shown) == 3
    assert unread(office, office.city.reviewer) == (1, False)
    assert mark_all(office, office.city.reviewer) == 1
    assert mark_all(office, office.city.reviewer) == 0


def test_what_is_read_for_long_leaves_no_marks_behind(office: Office, told: Tell) -> None:
    told(To(officer_id=office.city.reviewer.id), times=3)
    mark_all(office, office.city.reviewer)
    assert (rows(office, NoticeRead), rows(office, InboxFloor)) == (3, 0)
    later = now() + timedelta(minutes=11)
    with use(lambda: later):
        told(To(officer_id=office.city.reviewer.id))
        mark_all(office, office.city.reviewer)
    assert (rows(office, NoticeRead), rows(office, InboxFloor)) == (1, 1)
    assert unread(office, office.city.reviewer) == (0, False)
    assert [notice["read"] for notice in listed(office, office.city.reviewer)] == [True] * 4


def test_an_unread_notice_never_falls_below_the_floor(office: Office, told: Tell) -> None:
    told(To(officer_id=office.city.reviewer.id), times=3)
    newest, _middle, oldest = [notice["id"] for notice in listed(office, office.city.reviewer)]
    later = now() + timedelta(minutes=11)
    with use(lambda: later):
        mark(office, office.city.reviewer, newest)
        mark(office, office.city.reviewer, oldest)
    assert [notice["read"] for notice in listed(office, office.city.reviewer)] == [True, False, True]
    assert unread(office, office.city.reviewer) == (1, False)


def test_a_notice_that_is_committed_late_still_comes_up_unread(app: Flask, office: Office, told: Tell) -> None:
    early = uuid7()
    told(To(officer_id=office.city.reviewer.id))
    mark_all(office, office.city.reviewer)

    def commit_late(session: Session) -> None:
        session.add(
            NoticeRow(
                id=early,
                agency_id=office.city.street_id,
                officer_id=office.city.reviewer.id,
                kind="overdue",
                at=now(),
                facts="{}",
            )
        )

    with app.app_context():
        transact(commit_late)
    assert unread(office, office.city.reviewer) == (1, False)


def test_who_moved_to_another_town_does_not_take_its_notices_along(app: Flask, office: Office, told: Tell) -> None:
    told(To(officer_id=office.city.town_dispatcher.id))
    assert unread(office, office.city.town_dispatcher) == (0, False)
    told(To(officer_id=office.city.town_dispatcher.id), agency_id=office.city.town_id)
    assert unread(office, office.city.town_dispatcher) == (1, False)


def test_who_works_in_the_field_has_no_inbox(app: Flask, office: Office, told: Tell) -> None:
    told(To(officer_id=office.city.enforcer.id))
    headers = office.headers_of(office.city.enforcer)
    for method, path in (("get", ""), ("get", "/unread"), ("post", "/read"), ("post", f"/{uuid7()}/read")):
        answer = getattr(app.test_client(), method)(f"/api/v1/inbox{path}", headers=headers)
        assert (answer.status_code, answer.mimetype) == (403, "application/problem+json"), path
    assert "/inbox" not in console(app, office.city.enforcer).text("/account")


def test_a_stranger_has_no_inbox(app: Flask) -> None:
    assert app.test_client().get("/api/v1/inbox").status_code == 401
    assert app.test_client().get("/inbox").status_code == 302


def test_notices_are_removed_after_90_days(app: Flask, office: Office, told: Tell) -> None:
    told(To(officer_id=office.city.reviewer.id), times=2)
    mark_all(office, office.city.reviewer)
    later = now() + timedelta(days=90, minutes=1)
    with use(lambda: later):
        told(To(officer_id=office.city.reviewer.id))
        with app.app_context():
            forget_old.run()
    assert rows(office, NoticeRow) == 1
    assert rows(office, NoticeRead) == 0


def test_what_is_rolled_back_is_told_to_nobody(app: Flask, office: Office) -> None:
    def fail(session: Session) -> None:
        tell(session, Notice(Kind.MERGED, To(officer_id=office.city.reviewer.id), office.city.street_id))
        session.flush()
        msg = "the act failed"
        raise RuntimeError(msg)

    with app.app_context(), pytest.raises(RuntimeError):
        transact(fail)
    assert rows(office, NoticeRow) == 0


def test_the_page_opens_a_notice_and_marks_it(app: Flask, office: Office, told: Tell) -> None:
    told(To(officer_id=office.city.reviewer.id), facts={"stage": "disposal", "due_at": "2026-11-22T08:00:00.000Z"})
    opened = console(app, office.city.reviewer)
    text = opened.text("/inbox")
    assert "A time limit has passed" in text
    assert "2026-11-22 16:00:00" in text
    (notice,) = listed(office, office.city.reviewer)
    assert opened.post(f"/inbox/{notice['id']}").status_code == 303
    assert unread(office, office.city.reviewer) == (0, False)
    told(To(officer_id=office.city.reviewer.id))
    newest = listed(office, office.city.reviewer)[0]["id"]
    assert opened.post("/inbox/read", through=newest).status_code == 303
    assert unread(office, office.city.reviewer) == (0, False)
    assert "You have read everything." in opened.text("/inbox?unread=1")


def test_the_count_is_one_statement_whatever_is_in_the_inbox(app: Flask, office: Office, told: Tell) -> None:
    told(To(permission=Permission.DISPATCH_CASE), times=150)
    headers = office.headers_of(office.city.dispatcher)
    with statements(app) as sent:
        app.test_client().get("/api/v1/inbox/unread", headers=headers)
    assert len([text for text in sent if "FROM notice" in text]) == 1
