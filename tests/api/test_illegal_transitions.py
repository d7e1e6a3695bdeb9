"""Every step that a case's state or a person's role does not allow: refused by name, and nothing is changed."""

import pytest
import world
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Row, select
from sqlalchemy.orm import Session
from street import Street, street
from support.databases import ON_SQLITE_ONLY
from support.rehearsal import rehearsed
from support.stations import Stations, unit_account
from werkzeug.test import TestResponse

from server.casework.models import Case, CaseClock, CaseEvent, ClockPause, FieldTask, NumberSeries, TaskAssignment
from server.casework.rules import DESK_ACTIONS, Action, State
from server.db import read
from server.ledger.models import FeedMark

TABLES = (Case, CaseClock, CaseEvent, ClockPause, FieldTask, NumberSeries, TaskAssignment, FeedMark)
# Said a second time, independent of the table: who may do what where, if nothing is missing.
AT_UNIT = {State.DISPATCHED, State.IN_DISPOSAL, State.REWORK}
STATES = {
    Action.VERIFY: {State.REPORTED},
    Action.FILE: {State.REPORTED, State.VERIFYING},
    Action.REJECT: {State.REPORTED, State.VERIFYING},
    Action.DISPATCH: {State.FILED, State.RETURNED},
    Action.ACCEPT: {State.DISPATCHED, State.REWORK},
    Action.RETURN: AT_UNIT,
    Action.DISPOSE: AT_UNIT,
    Action.SEND_CHECK: {State.DISPOSED},
    Action.CLOSE: {State.CHECKING},
    Action.REDO: {State.CHECKING},
    Action.RESUME: {State.SUSPENDED},
}
DESKS = {
    Action.VERIFY: {"acceptance", "dispatcher"},
    Action.FILE: {"acceptance", "dispatcher"},
    Action.REJECT: {"acceptance", "dispatcher"},
    Action.DISPATCH: {"dispatcher"},
    Action.ACCEPT: {"unit"},
    Action.RETURN: {"unit"},
    Action.DISPOSE: {"unit"},
    Action.SEND_CHECK: {"acceptance", "dispatcher"},
    Action.CLOSE: {"acceptance", "dispatcher"},
    Action.REDO: {"acceptance", "dispatcher"},
    Action.RESUME: {"dispatcher", "supervisor"},
}
UNITS = {Action.ACCEPT, Action.RETURN, Action.DISPOSE}
# What a bare action lacks where state and role allow it: the need, by action, or by action and state.
LACKING = {
    Action.REJECT: "reason",
    Action.DISPATCH: "squad",
    Action.RETURN: "reason",
    Action.CLOSE: "shots",
    Action.REDO: "reason",
    (Action.FILE, State.VERIFYING): "answer",
}


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    return street(app, client)


@pytest.fixture
def people(app: Flask, town: Street) -> dict[str, dict[str, str]]:
    """Return the sessions of everybody who sits at a desk, by what they are."""
    return rehearsed(app, "everybody at a desk", lambda: signed_in_at_desks(app, town.city))


def signed_in_at_desks(app: Flask, city: world.World) -> dict[str, dict[str, str]]:
    desks = {
        "acceptance": city.acceptance,
        "dispatcher": city.dispatcher,
        "reviewer": city.reviewer,
        "supervisor": city.supervisor,
        "unit": unit_account(app, city, "unit", city.street_squad_id),
        "other unit": unit_account(app, city, "unit2", city.town_squad_id),
        "administrator": city.admin,
        "other town": city.town_dispatcher,
    }
    return {name: world.signed_in(app.test_client(), person) for name, person in desks.items()}


def everything(session: Session) -> list[list[Row[tuple[object, ...]]]]:
    return [sorted(session.execute(select(*model.__table__.c)).all(), key=repr) for model in TABLES]


def slug(response: TestResponse) -> str:
    return str(response.json["type"]).rpartition("/")[2]


@ON_SQLITE_ONLY
@pytest.mark.parametrize("state", State)
def test_what_state_or_role_do_not_allow_is_refused_by_name_and_changes_nothing(
    app: Flask, town: Street, people: dict[str, dict[str, str]], state: State
) -> None:
    case_id = Stations(town).at(state)
    with app.app_context():
        before = read(everything)
    for who, headers in people.items():
        for action in DESK_ACTIONS:
            may, fits = who in DESKS[action], state in STATES[action]
            need = LACKING.get(action) or LACKING.get((action, state))
            if may and fits and need is None:
                continue
            refused = town.act(case_id, action, headers)
            told = f"{who} {action}: {refused.text}"
            if who == "other town":
                assert slug(refused) == ("not-found" if action not in UNITS else "forbidden"), told
                continue
            if who == "administrator":
                assert (slug(refused), bool(refused.json["roles"])) == ("forbidden", True), told
                continue
            assert (refused.json["state"], refused.json["action"]) == (state, action), told
            if not may and not (who == "other unit" and action in UNITS):
                assert (slug(refused), bool(refused.json["roles"])) == ("forbidden", True), told
            elif not fits:
                allowed = [one for one in DESK_ACTIONS if state in STATES[one]]
                assert (slug(refused), sorted(refused.json["allowed"])) == ("illegal-transition", sorted(allowed)), told
            elif who == "other unit":
                assert (slug(refused), refused.json["lacks"]) == ("forbidden", "own_squad"), told
            else:
                assert refused.json["lacks"] == need, told
    with app.app_context():
        assert read(everything) == before


@pytest.mark.parametrize("action", ["suspend", "force_close", "merge", "undo_merge", "finish_task", "fly"])
def test_what_is_no_step_of_a_desk_is_refused_by_its_name(town: Street, action: str) -> None:
    refused = town.act(Stations(town).at(State.DISPATCHED), action)
    assert (refused.status_code, slug(refused), list(refused.json["errors"])) == (422, "validation", ["action"])
