"""The demo city: planned the same every time, built through the product's own doors, closed outside the demo."""

import io
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil
from uuid import UUID

import pytest
from flask import Flask
from rich.console import Console
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from photo_store.derive import RECIPE
from server import create_app
from server.casework.models import Case
from server.casework.rules import State
from server.clock import now
from server.config import Settings
from server.db import db, read, transact
from server.demo.cli import seed_once
from server.demo.matters import MATTERS, SCHEME
from server.demo.people import COLLECTORS, DESK_LOGINS, ENFORCERS, people
from server.demo.plan import DAYS, LIVES, LOST, UNSENT, ZONE, Deed, plan_month
from server.demo.roster import read_scheme, settle
from server.demo.sheet import LOGINS, NEWCOMER, NEXT_STEP, demo_sheet
from server.evidence.models import Evidence, Photo
from server.gateway.cli import fleet
from server.gateway.models import InboxItem
from server.identity import admission
from server.identity.models import Install, Officer
from server.identity.passwords import DEMO_PASSWORD, hash_password
from server.identity.rules import Role
from server.problems import Problem
from sync.handset import DeviceKey


@pytest.fixture
def roster(app: Flask) -> None:
    """Only the people: cases and photographs take seconds."""
    with app.app_context():
        transact(settle, 1, hash_password(DEMO_PASSWORD, 1))


def count(session: Session, column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None]) -> Counter[str]:
    return Counter(str(value) for value in session.scalars(select(column)))


@pytest.mark.timeout(300)  # twenty seconds of work, which a busy machine stretches
def test_seeding_fills_every_page_through_the_products_own_doors(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["demo", "seed", "--small"])
    assert result.exit_code == 0, result.output
    with app.app_context():
        assert read(count, Case.state).keys() == {*State}
        assert read(count, InboxItem.state) == {
            "applied": sum(deed.startswith(("collector", "squad")) for life in LIVES for deed in life),
            "quarantined": 1,
        }
        assert read(count, Evidence.review_state).keys() == {"unreviewed", "accepted", "returned"}
        assert read(count, Photo.derived_recipe).keys() == {RECIPE}
        assert read(_missing) == len(LOST) + 3 * len(UNSENT)
        assert read(_sizes) == {(320, 240), (240, 320), (640, 480)}
        assert read(_oldest) < now() - timedelta(days=DAYS - 4)
        seed_once()
        assert read(count, Case.state).total() == len(LIVES)
    repeated = app.test_cli_runner().invoke(args=["demo", "seed"])
    assert repeated.exit_code == 0
    assert "nothing was seeded" in repeated.output


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
    scheme = read_scheme(SCHEME)
    codes = {major["code"] + minor["code"] for major in scheme["classes"] for minor in major["minors"]}
    assert {matter.code for matter in MATTERS} <= codes


def test_no_two_officers_share_a_name_or_a_login() -> None:
    everybody = list(people(1))
    assert len(everybody) == COLLECTORS + ENFORCERS + len(DESK_LOGINS)
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
