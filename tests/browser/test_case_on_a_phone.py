"""The case pages on a screen of 390 pixels: nothing runs over its edge, every step can be reached."""

import pytest
from console import console
from flask import Flask
from playwright.sync_api import Page
from street import Street, street
from support.stations import Stations, unit_account

from server.casework.rules import State
from server.db import transact
from server.standards.operations import load_scheme
from server.standards.shipped import read_shipped

WIDTH = 390


@pytest.fixture
def town(app: Flask) -> Street:
    made = street(app, app.test_client())
    with app.app_context():
        transact(load_scheme, read_shipped("gbt30428_2_2013"))
    return made


def sign_in(page: Page, login: str, password: str) -> None:
    page.set_viewport_size({"width": WIDTH, "height": 844})
    page.goto("/login")
    page.fill("[name=login]", login)
    page.fill("[name=password]", password)
    page.click("main button[type=submit], main form button")
    page.wait_for_url("**/")


def fits(page: Page, path: str) -> None:
    page.goto(path)
    for closed in page.query_selector_all("details.act:not([open]) > summary"):
        closed.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH, path


def test_case_pages_fit_a_phone(app: Flask, town: Street, browser_page: Page) -> None:
    stations = Stations(town)
    cases = [stations.at(state) for state in (State.REPORTED, State.RETURNED, State.CHECKING, State.SUSPENDED)]
    sign_in(browser_page, town.city.dispatcher.login, town.city.dispatcher.password)
    for path in ("/cases", "/cases?q=" + "长" * 40, "/cases/new", *(f"/cases/{case_id}" for case_id in cases)):
        fits(browser_page, path)


def test_a_unit_takes_its_steps_on_a_phone(app: Flask, town: Street, browser_page: Page) -> None:
    case_id = Stations(town).at(State.DISPATCHED)
    unit = unit_account(app, town.city, "unit", town.city.street_squad_id)
    sign_in(browser_page, unit.login, unit.password)
    fits(browser_page, f"/cases/{case_id}")
    browser_page.click("button[value=accept]")
    assert town.case(case_id)["state"] == "in_disposal"
    assert "in_disposal" in console(app, unit).text(f"/cases/{case_id}")
