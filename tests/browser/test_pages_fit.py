"""Every page of the menu on a screen of 390 pixels, in both languages: nothing runs over its edge."""

import pytest
import world
from flask import Flask
from playwright.sync_api import Browser, Page
from street import Street, street
from support.administrators import Administrators, administrators
from support.rehearsal import rehearsed

from server.db import transact
from server.standards.operations import load_scheme
from server.standards.shipped import read_shipped

PHONE = 390
# What each office cannot work without; the menu may offer more.
OFFICES = {
    "dispatcher": {"/cases", "/requests", "/tasks", "/duplicates", "/responsibilities", "/geography", "/officers"},
    "system": {"/standards/schemes", "/required-shots", "/standards/calendar", "/geography", "/agencies", "/officers"},
    "audit": {"/audit", "/retention"},
}
BY_LINK = {
    "dispatcher": ("/account", "/inbox", "/cases/new", "/cases?q=a"),
    "system": ("/account", "/officers/new", "/standards/schemes/gbt30428_2_2013/2013-observed"),
    "audit": ("/account", "/account/second-factor"),
}
MENU = "nav.nav-wide a"


@pytest.fixture
def town(app: Flask) -> Street:
    made = street(app, app.test_client())

    def live() -> None:
        with app.app_context():
            transact(load_scheme, read_shipped("gbt30428_2_2013"))
        made.report("near")

    rehearsed(app, "a scheme and a report", live)
    return made


@pytest.fixture
def offices(app: Flask, town: Street) -> dict[str, world.Person]:
    others: Administrators = rehearsed(app, "administrators", lambda: administrators(app, town.city))
    return {"dispatcher": town.city.dispatcher, "system": town.city.admin, "audit": others.audit}


def signed_in(browser: Browser, site: str, person: world.Person, language: str) -> Page:
    context = browser.new_context(base_url=site, locale=language, viewport={"width": PHONE, "height": 844})
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto("/login")
    page.fill("[name=login]", person.login)
    page.fill("[name=password]", person.password)
    page.click("main form button")
    page.wait_for_url("**/")
    return page


def faults(page: Page, path: str) -> list[str]:
    """Open a page, unfold all that it hides, and tell what does not fit."""
    answer = page.goto(path)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    width = page.evaluate("document.documentElement.scrollWidth")
    headlines = page.locator("h1").count()
    unnamed = page.evaluate(
        "[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]"
        ".filter((one) => !one.labels.length && !one.ariaLabel).length"
    )
    told = {
        "does not open": answer is None or not answer.ok,
        f"is {width} pixels wide": width > PHONE,
        f"has {headlines} headlines": headlines != 1,
        f"has {unnamed} fields without a label": unnamed > 0,
    }
    return [f"{path} {fault}" for fault, found in told.items() if found]


@pytest.mark.parametrize("office", OFFICES)
@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_every_page_of_the_menu_fits_a_phone_and_has_one_headline(
    browser: Browser, site: str, offices: dict[str, world.Person], office: str, language: str
) -> None:
    page = signed_in(browser, site, offices[office], language)
    offered = {str(link.get_attribute("href")) for link in page.query_selector_all(MENU)}
    assert offered >= OFFICES[office]
    found = [fault for path in (*sorted(offered), *BY_LINK[office]) for fault in faults(page, path)]
    assert str(page.get_attribute("html", "lang")).startswith(language[:2])
    page.context.close()
    assert found == []
