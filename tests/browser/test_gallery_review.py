"""The gallery in a real Chromium: verdicts by keyboard, a reason for a return, undo, and the large view."""

import io
from datetime import UTC, datetime
from functools import cache

import pytest
import world
from console import console
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Locator, Page, expect
from street import Street, declared, sha256_of, street
from support.rehearsal import rehearsed

from photo_store.blobs import BlobStore, original_key
from photo_store.derive import RECIPE, derive
from photo_store.drawn import Phase, Scene, draw
from server.db import transact
from server.evidence.photos import note_derived

BEFORE, AFTER, ALONE = "before", "after", "alone"


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    """Return a street with two cases: a before | after pair, and one photograph alone (the older case)."""
    built = street(app, client)
    rehearsed(app, "a pair and one alone", lambda: live(app, built), files=True)
    return built


def live(app: Flask, built: Street) -> None:
    built.report(ALONE)
    _case_id, task_id = built.dispatched(BEFORE)
    built.answer(task_id, "done", photos=declared(AFTER, role="after"))
    for seed, (name, phase) in enumerate(((ALONE, Phase.BEFORE), (BEFORE, Phase.BEFORE), (AFTER, Phase.AFTER))):
        built.upload(name, handset=built.enforcer if name == AFTER else built.collector)
        see(app, name, phase, seed)


def see(app: Flask, name: str, phase: Phase, seed: int) -> None:
    """Put a drawn picture in the place of a photograph's bytes and derive its renditions."""
    store: BlobStore = app.extensions["xuncha_blobs"]
    store.put(original_key(sha256_of(name)), io.BytesIO(drawn(phase, seed)))
    made = derive(store, sha256_of(name))
    with app.app_context():
        transact(note_derived, sha256_of(name), RECIPE, made)


@cache
def drawn(phase: Phase, seed: int) -> bytes:
    taken_at = datetime(2026, 11, 22, 0, 31, tzinfo=UTC)
    return draw(Scene.EXPOSED_RUBBISH, seed, size=(400, 300), taken_at=taken_at, lon=123.5, lat=30.5, phase=phase)


@pytest.fixture
def gallery(browser_page: Page, town: Street) -> Page:
    """Return the gallery as the reviewer sees it first: the pair, then the photograph alone."""
    sign_in(browser_page, town.city.reviewer)
    expect(cards(browser_page)).to_have_count(3)
    # Keys count from here on: the page's script has run.
    browser_page.wait_for_load_state("load")
    return browser_page


def sign_in(page: Page, person: world.Person) -> None:
    page.goto("/login?next=/evidence")
    page.locator("#login").fill(person.login)
    page.locator("#password").fill(person.password)
    page.locator("main button").click()


def cards(page: Page) -> Locator:
    return page.locator("article[data-evidence-id]")


def expect_states(page: Page, *states: str) -> None:
    """Expect these review states, card by card, now and after the page is loaded again."""
    for card, state in zip(cards(page).all(), states, strict=True):
        expect(card).to_have_attribute("data-review-state", state)
    page.reload()
    for card, state in zip(cards(page).all(), states, strict=True):
        expect(card).to_have_attribute("data-review-state", state)


def test_a_page_of_evidence_is_judged_without_the_mouse(gallery: Page) -> None:
    expect(cards(gallery).nth(0)).to_have_attribute("aria-current", "true")
    gallery.keyboard.press("a")
    expect(cards(gallery).nth(1)).to_have_attribute("aria-current", "true")
    gallery.keyboard.press("r")
    gallery.locator("dialog.return-dialog textarea").fill("看不清门牌")
    gallery.keyboard.press("Enter")
    expect(cards(gallery).nth(2)).to_have_attribute("aria-current", "true")
    gallery.keyboard.press("a")
    expect(cards(gallery).nth(2)).to_have_attribute("data-review-state", "accepted")
    expect_states(gallery, "accepted", "returned", "accepted")
    expect(cards(gallery).nth(1)).to_contain_text("看不清门牌")


def test_a_digit_returns_with_a_ready_reason_and_u_takes_it_back(gallery: Page) -> None:
    gallery.keyboard.press("r")
    gallery.keyboard.press("2")
    expect(cards(gallery).nth(0)).to_have_attribute("data-review-state", "returned")
    gallery.keyboard.press("u")
    expect(cards(gallery).nth(0)).to_have_attribute("aria-current", "true")
    expect_states(gallery, "unreviewed", "unreviewed", "unreviewed")


def test_escape_from_the_reason_decides_nothing(gallery: Page) -> None:
    gallery.keyboard.press("r")
    expect(gallery.locator("dialog.return-dialog")).to_be_visible()
    gallery.keyboard.press("Escape")
    expect(gallery.locator("dialog.return-dialog")).to_be_hidden()
    expect_states(gallery, "unreviewed", "unreviewed", "unreviewed")


def test_the_large_view_shows_before_and_after_side_by_side(gallery: Page) -> None:
    # The page takes no focus while it loads: the first move gives the card the focus that Enter needs.
    gallery.keyboard.press("j")
    gallery.keyboard.press("Enter")
    pictures = gallery.locator("dialog.lightbox img")
    expect(pictures).to_have_count(2)
    for picture in pictures.all():
        gallery.wait_for_function("picture => picture.naturalWidth === 400", arg=picture.element_handle())
    left, right = (picture.bounding_box() for picture in pictures.all())
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]
    gallery.keyboard.press("ArrowRight")
    expect(pictures).to_have_count(1)


def test_a_verdict_given_meanwhile_by_somebody_else_is_shown_and_kept(gallery: Page, app: Flask, town: Street) -> None:
    other = console(app, town.city.supervisor)
    address = cards(gallery).nth(0).get_attribute("data-review-url")
    version = cards(gallery).nth(0).get_attribute("data-version")
    assert address is not None
    assert version is not None
    other.post(address, verdict="returned", reason="又糊又暗", version=version)
    gallery.keyboard.press("a")
    expect(cards(gallery).nth(0)).to_have_attribute("data-review-state", "returned")
    expect_states(gallery, "returned", "unreviewed", "unreviewed")


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_is_wider_than_its_screen(gallery: Page, town: Street, width: int) -> None:
    gallery.set_viewport_size({"width": width, "height": 800})
    sign_in(gallery, town.city.supervisor)
    case = gallery.locator(".case-group a").first.get_attribute("href")
    for path in ("/", "/cases", str(case), "/evidence", "/evidence/missing", "/handsets", "/quarantine", "/officers"):
        gallery.goto(path)
        assert gallery.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
