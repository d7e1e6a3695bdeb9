"""The demo city: planned the same every time, built through the product's own doors, closed outside the demo."""

import io
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil
from uuid import UUID

import pytest
from console import stranger
from flask import Flask, url_for
from rich.console import Console
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session
from support.databases import ON_SQLITE_ONLY

from photo_store.derive import RECIPE
from server import create_app
from server.casework.duplicates.models import CaseLink
from server.casework.inbox.models import NoticeRow
from server.casework.inbox.rules import Kind
from server.casework.models import Case, CaseRequest
from server.casework.rules import State
from server.clock import now
from server.config import Settings
from server.console.shell import menu_of
from server.db import db, read, transact
from server.demo.cli import seed_once
from server.demo.lives import ENDED, GOING_ON, RECURRING
from server.demo.matters import MATTERS, SCHEME
from server.demo.people import COLLECTORS, DESK_LOGINS, ENFORCERS, SECOND_LOGINS, UNIT_LOGINS, people
from server.demo.plan import DAYS, LIVES, LOST, UNSENT, ZONE, Deed, plan_month
from server.demo.roster import actor_of, settle
from server.demo.rounds import DAYS as SIXTY
from server.demo.sheet import LOGINS, NEWCOMER, NEXT_STEP, demo_sheet
from server.evidence.models import Evidence, Photo
from server.gateway.cli import fleet
from server.gateway.models import InboxItem
from server.geography.models import GeoLayer
from server.identity import admission
from server.identity.models import Install, Officer
from server.identity.passwords import DEMO_PASSWORD, hash_password
from server.identity.rules import Actor, Role
from server.problems import Problem
from server.standards.shipped import read_shipped
from sync.handset import DeviceKey


@pytest.fixture
def roster(app: Flask) -> None:
    """Only the people: cases and photographs take seconds."""
    with app.app_context():
        transact(settle, 1, hash_password(DEMO_PASSWORD, 1))


def count(session: Session, column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None]) -> Counter[str]:
    return Counter(str(value) for value in session.scalars(select(column)))


# Where the lives of the month end (plan.LIVES).
_MONTH_ENDS = {
    Deed.REPORT: State.REPORTED,
    Deed.FILE: State.FILED,
    Deed.DISPATCH: State.DISPATCHED,
    Deed.ACCEPT: State.IN_DISPOSAL,
    Deed.START: State.IN_DISPOSAL,
    Deed.FINISH: State.DISPOSED,
    Deed.SEND_CHECK: State.CHECKING,
    Deed.PASS_CHECK: State.CHECKING,
    Deed.CLOSE: State.CLOSED,
    Deed.HANDLE: State.SELF_HANDLED,
}


def expected_states() -> Counter[str]:
    """Return how many cases should end in which state, counted in the tables of lives."""
    expected = Counter(str(_MONTH_ENDS[life[-1]]) for life in LIVES)
    for many, group in (*ENDED, *GOING_ON):
        for life in group:
            expected[str(life.ends)] += many
    expected[str(RECURRING.ends)] += 3
    return expected


# A minute of work, which a busy machine stretches; what differs between the databases is tried where it happens.
@pytest.mark.timeout(600)
@ON_SQLITE_ONLY
def test_seeding_fills_every_page_through_the_products_own_doors(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["demo", "seed", "--small"])
    assert result.exit_code == 0, result.output
    with app.app_context():
        assert read(count, Case.state) == expected_states()
        assert read(count, Case.state).keys() == {*State}
        # The record of a broken app, and what an officer wrote whose account was closed before.
        assert read(count, InboxItem.state)["quarantined"] == 2
        assert read(count, InboxItem.state).keys() == {"applied", "superseded", "quarantined"}
        assert read(count, Evidence.review_state).keys() == {"unreviewed", "accepted", "returned"}
        assert read(count, Photo.derived_recipe).keys() == {RECIPE}
        assert read(_missing) == len(LOST) + 3 * len(UNSENT)
        assert read(_sizes) == {(320, 240), (240, 320), (640, 480)}
        assert read(_oldest) < now() - timedelta(days=SIXTY - 4)
        assert read(_unsettled) == 0
        assert read(_requests) == _EXCEPTIONS
        assert read(_links) >= {("duplicate", "attached"), ("duplicate", "proposed"), ("duplicate", "undone")}
        assert ("recurrence", "attached") in read(_links)
        assert read(_layers) == {("current", 2000), ("current", 40), ("current", 29), ("draft", 11)}
        assert read(_kinds) >= {Kind.DISPATCHED, Kind.RETURNED, Kind.OVERDUE, Kind.DUE_SOON, Kind.REQUEST_DECIDED}
        seed_once()
        assert read(count, Case.state).total() == 300
    # Outside: each request needs a context of its own, or the first who signed in would be everybody.
    _look_at_every_page(app)
    repeated = app.test_cli_runner().invoke(args=["demo", "seed"])
    assert repeated.exit_code == 0
    assert "nothing was seeded" in repeated.output


# What was asked and how it was decided.
_EXCEPTIONS = {
    *(("extension", state) for state in ("open", "approved", "rejected")),
    *(("suspension", state) for state in ("open", "approved")),
    *(("appeal", state) for state in ("open", "approved", "rejected")),
    *(("force_close", state) for state in ("open", "approved")),
}
# These pages, and the overview's list of alarms, are empty in a city that is well.
_MAY_BE_EMPTY = frozenset({"console_pages.home", "alarm_pages.alarms", "care_pages.retention_page"})


def _look_at_every_page(app: Flask) -> None:
    """Open, for one login of each desk role, every page that its menu offers: each has something to show."""
    chosen: Settings = app.extensions["xuncha_settings"]
    app.extensions["xuncha_settings"] = replace(chosen, demo=True)
    for login, _role in DESK_LOGINS:
        browser = stranger(app)
        with app.test_request_context():
            menu = menu_of(_actor(login))
            addresses = {entry.endpoint: url_for(entry.endpoint) for entry in (*menu.daily, *menu.administration)}
        signed_in = browser.post("/login", login=login, password=DEMO_PASSWORD)
        assert signed_in.status_code == 303, signed_in.text
        for endpoint, address in addresses.items():
            page = browser.get(address)
            assert page.status_code == 200, (login, address)
            assert endpoint in _MAY_BE_EMPTY or '<p class="empty">' not in page.text, (login, address)
    app.extensions["xuncha_settings"] = chosen


def _actor(login: str) -> Actor:
    actor = read(actor_of, login)
    assert actor is not None
    return actor


def _unsettled(session: Session) -> int:
    return session.scalars(select(func.count()).where(Case.settled_at.is_(None))).one()


def _requests(session: Session) -> set[tuple[str, str]]:
    return {(row.kind, row.state) for row in session.execute(select(CaseRequest.kind, CaseRequest.state))}


def _links(session: Session) -> set[tuple[str, str]]:
    return {(row.kind, row.state) for row in session.execute(select(CaseLink.kind, CaseLink.state))}


def _layers(session: Session) -> set[tuple[str, int]]:
    rows = session.execute(select(GeoLayer.status, GeoLayer.feature_count))
    return {(row.status, row.feature_count) for row in rows}


def _kinds(session: Session) -> set[str]:
    return set(session.scalars(select(NoticeRow.kind)))


def _missing(session: Session) -> int:
    return session.scalars(select(func.count()).where(Evidence.present_at.is_(None))).one()


def _sizes(session: Session) -> set[tuple[int, int]]:
    return {(row.width, row.height) for row in session.execute(select(Photo.width, Photo.height))}


def _oldest(session: Session) -> datetime:
    return min(at for at in session.scalars(select(Case.captured_at_corrected)) if at is not None)


def test_the_same_seed_plans_the_same_people_and_the_same_month() -> None:
    today = now()
    assert list(people(3)) == list(people(3))
    assert plan_month(3, today) == plan_month(3, today)
    assert [step.case for step in plan_month(3, today)] != [step.case for step in plan_month(4, today)]


@pytest.mark.parametrize("hour", [0, 7, 13, 23])
def test_everything_planned_lies_in_the_past_month(hour: int) -> None:
    today = datetime(2026, 11, 22, hour, 5, tzinfo=ZONE)
    for seed in range(20):
        steps = plan_month(seed, today)
        assert today - timedelta(days=DAYS) < steps[0].at
        assert steps[-1].at < today
        assert all(picture.taken_at <= step.at for step in steps for picture in step.pictures)


def test_every_step_of_a_case_follows_the_one_before() -> None:
    for number, life in enumerate(LIVES, 1):
        steps = [step for step in plan_month(1, now()) if step.case.number == number]
        assert tuple(step.deed for step in steps) == life
        assert all(before.at < after.at for before, after in pairwise(steps))


def test_one_picture_in_twenty_is_large_and_one_lies_on_its_side() -> None:
    pictures = [picture for step in plan_month(1, now()) for picture in step.pictures]
    assert sum(picture.size == (4000, 3000) for picture in pictures) == ceil(len(pictures) / 20)
    assert [picture.orientation for picture in pictures if picture.orientation != 1] == [6]


def test_what_is_reported_has_a_name_in_the_scheme_that_comes_along() -> None:
    scheme = read_shipped(SCHEME)
    codes = {major["code"] + minor["code"] for major in scheme["classes"] for minor in major["minors"]}
    assert {matter.code for matter in MATTERS} <= codes


def test_no_two_officers_share_a_name_or_a_login() -> None:
    everybody = list(people(1))
    # One of the units' accounts is among the desk logins.
    desks = len(DESK_LOGINS) + len(SECOND_LOGINS) + len(UNIT_LOGINS) - 1
    assert len(everybody) == COLLECTORS + ENFORCERS + desks
    assert len({person.name for person in everybody}) == len({person.login for person in everybody}) == len(everybody)


@pytest.mark.usefixtures("roster")
def test_every_role_has_a_demo_login_that_works_in_the_demo_only(app: Flask) -> None:
    assert {role for _, role in LOGINS} == set(Role) - {Role.ASSISTANT}
    chosen: Settings = app.extensions["xuncha_settings"]
    with app.app_context():
        for login, role in LOGINS:
            done = admission.sign_in(
                login, DEMO_PASSWORD, remote="test", chosen=replace(chosen, demo=True), with_token=False
            )
            assert done.actor.roles == (role,)
            with pytest.raises(Problem) as refused:
                admission.sign_in(login, DEMO_PASSWORD, remote="test", chosen=chosen, with_token=False)
            assert refused.value.slug == "demo-password"


@pytest.mark.usefixtures("roster")
def test_the_sheet_names_logins_a_fresh_code_and_the_next_step(app: Flask) -> None:
    codes = set()
    for _ in range(2):
        sheet = io.StringIO()
        with app.app_context():
            Console(file=sheet, width=80).print(demo_sheet("http://127.0.0.1:8000"))
        lines = [line.strip() for line in sheet.getvalue().splitlines()]
        assert NEXT_STEP in lines
        assert all(f" {login} " in sheet.getvalue() for login, _ in LOGINS)
        codes.add(next(line.split()[5] for line in lines if line.startswith("Enrolment code")))
    assert len(codes) == 2
    assert {_enrolled_login(app, code) for code in codes} == {NEWCOMER}


def _enrolled_login(app: Flask, code: str) -> str:
    request = {"code": code, "public_key": DeviceKey.make().public(), "label": "mine", "app": "1"}
    response = app.test_client().post("/api/v1/enrol", json=request)
    assert response.status_code == 201, response.text
    with app.app_context():
        return read(_login_of, UUID(response.get_json()["install_id"]))


def _login_of(session: Session, install_id: UUID) -> str:
    holder = select(Officer.login).join(Install, Install.officer_id == Officer.id).where(Install.id == install_id)
    return session.scalars(holder).one()


@pytest.mark.usefixtures("roster")
def test_the_sheet_is_printed_although_the_administrator_is_gone(app: Flask) -> None:
    with app.app_context():
        transact(_deactivate_admin)
        sheet = io.StringIO()
        Console(file=sheet, width=200).print(demo_sheet("http://127.0.0.1:8000"))
    assert "create one in the console" in sheet.getvalue()


def _deactivate_admin(session: Session) -> None:
    session.scalars(select(Officer).where(Officer.login == "admin")).one().active = False


def test_the_fleets_own_logins_are_demo_logins() -> None:
    options = {option.name: str(option.default) for option in fleet.commands["run"].params}
    assert dict(DESK_LOGINS)[options["admin"]] is Role.SYSTEM_ADMIN
    assert dict(DESK_LOGINS)[options["dispatcher"]] is Role.DISPATCHER


def test_production_refuses_the_demo_city(settings: Settings) -> None:
    app = create_app(replace(settings, production=True, public_url="https://xuncha.example"))
    result = app.test_cli_runner().invoke(args=["demo", "seed"])
    with app.app_context():
        db.engine.dispose()
    assert result.exit_code == 1
    assert "public passwords" in result.output


def test_an_unprepared_database_is_named_as_the_reason(settings: Settings) -> None:
    app = create_app(replace(settings, database_url="sqlite://"))
    result = app.test_cli_runner().invoke(args=["demo", "seed"])
    assert result.exit_code == 1
    assert "prepare" in result.output


def test_the_deeds_of_a_plan_are_all_used() -> None:
    assert {deed for life in LIVES for deed in life} == set(Deed)
