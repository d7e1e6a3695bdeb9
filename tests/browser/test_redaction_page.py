"""Drawing over a photograph in a real Chromium: by mouse, by keys, by finger; on a desk's screen and on a phone's."""

import pytest
import world
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Locator, Page, expect
from street import Street, street
from support.rehearsal import rehearsed
from support.showing import show

WIDE, PHONE = 1280, 390


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    """Return a street with one photograph that can be looked at."""
    built = street(app, client)

    def live() -> None:
        built.report("near")
        built.upload("near")
        show(app, "near")

    rehearsed(app, "a photograph to look at", live, files=True)
    return built


@pytest.fixture
def address(town: Street) -> str:
    (shot,) = town.client.get("/api/v1/evidence", headers=town.desk).json["evidence"]
    return f"/evidence/{shot['id']}"


@pytest.fixture(params=[WIDE, PHONE], ids=["desk", "phone"])
def canvas(request: pytest.FixtureRequest, browser_page: Page, town: Street, address: str) -> Locator:
    """Return the picture to draw on, as the reviewer sees it."""
    browser_page.set_viewport_size({"width": request.param, "height": 800})
    return opened(browser_page, town.city.reviewer, address)


def opened(page: Page, person: world.Person, address: str) -> Locator:
    page.goto(f"/login?next={address}")
    page.locator("#login").fill(person.login)
    page.locator("#password").fill(person.password)
    page.locator("main button").click()
    page.wait_for_load_state("load")
    page.wait_for_function("document.querySelector('[data-canvas] img').naturalWidth === 400")
    found = page.locator("[data-canvas]")
    found.scroll_into_view_if_needed()
    return found


def parts(canvas: Locator) -> Locator:
    return canvas.locator(".hidden-part")


def numbers(page: Page) -> list[list[float]]:
    """Return what the form would send, a row for each rectangle."""
    return [[float(number) for number in line.split()] for line in written(page).splitlines()]


def written(page: Page) -> str:
    return page.locator("[data-regions]").input_value()


def drag(page: Page, canvas: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag from one point of the picture to another, both as fractions."""
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * start[0], box["y"] + box["height"] * start[1])
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * end[0], box["y"] + box["height"] * end[1], steps=4)
    page.mouse.up()


def near(found: list[float], wanted: list[float], most: float = 1.0) -> bool:
    return all(abs(one - other) <= most for one, other in zip(found, wanted, strict=True))


def test_what_is_drawn_is_saved_and_drawn_again(canvas: Locator, town: Street) -> None:
    page = canvas.page
    drag(page, canvas, (0.25, 0.25), (0.75, 0.5))
    expect(parts(canvas)).to_have_count(1)
    (drawn,) = numbers(page)
    assert near(drawn, [25, 25, 50, 25])
    page.locator("#redaction-reason").fill("人脸")
    page.locator("form[data-redaction] .primary").click()
    page.wait_for_load_state("load")
    expect(parts(page.locator("[data-canvas]"))).to_have_count(1)
    assert numbers(page) == [drawn]
    address = page.url.rpartition("/")[2]
    kept = town.client.get(f"/api/v1/evidence/{address}/redactions", headers=town.desk).json["redactions"]
    assert near([100 * number for number in kept[0]["regions"][0]], drawn, 0.01)


def test_a_rectangle_is_moved_resized_and_removed_by_keys(canvas: Locator) -> None:
    page = canvas.page
    page.locator("[data-add]").click()
    expect(parts(canvas).first).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowLeft")
    assert numbers(page) == [[41, 41, 19, 20]]
    for _ in range(100):
        page.keyboard.press("ArrowLeft")
    assert numbers(page) == [[0, 41, 19, 20]]
    page.keyboard.press("Delete")
    assert written(page) == ""
    expect(parts(canvas)).to_have_count(0)


def test_a_drag_on_a_rectangle_moves_it_and_its_handle_changes_its_size(canvas: Locator) -> None:
    page = canvas.page
    drag(page, canvas, (0.2, 0.2), (0.4, 0.4))
    drag(page, canvas, (0.3, 0.3), (0.5, 0.6))
    (moved,) = numbers(page)
    assert near(moved, [40, 50, 20, 20], 1.5)
    drag(page, canvas, (0.6, 0.7), (0.8, 0.9))
    (resized,) = numbers(page)
    assert near(resized, [40, 50, 40, 40], 2.5)
    expect(parts(canvas)).to_have_count(1)


def test_a_click_draws_nothing_and_the_tools_take_away(canvas: Locator) -> None:
    page = canvas.page
    drag(page, canvas, (0.9, 0.9), (0.9, 0.9))
    assert written(page) == ""
    for corner in (0.1, 0.5):
        drag(page, canvas, (corner, corner), (corner + 0.2, corner + 0.2))
    page.locator("[data-remove]").click()
    assert len(numbers(page)) == 1
    page.locator("[data-clear]").click()
    assert written(page) == ""


def test_typed_numbers_are_drawn(canvas: Locator) -> None:
    page = canvas.page
    page.locator("details.act summary").first.click()
    page.locator("[data-regions]").fill("10 10 30 30\n50 50 20 20")
    page.locator("[data-regions]").blur()
    expect(parts(canvas)).to_have_count(2)


def test_the_page_is_no_wider_than_its_screen(canvas: Locator) -> None:
    drag(canvas.page, canvas, (0.7, 0.7), (1.0, 1.0))
    assert canvas.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_finger_draws(browser: Browser, site: str, town: Street, address: str) -> None:
    context = browser.new_context(base_url=site, has_touch=True, viewport={"width": PHONE, "height": 800})
    page = context.new_page()
    canvas = opened(page, town.city.reviewer, address)
    box = canvas.bounding_box()
    assert box is not None
    fingers = context.new_cdp_session(page)
    for kind, share in (("touchStart", 0.3), ("touchMove", 0.45), ("touchMove", 0.6), ("touchEnd", None)):
        points = (
            [] if share is None else [{"x": box["x"] + box["width"] * share, "y": box["y"] + box["height"] * share}]
        )
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    (drawn,) = numbers(page)
    assert near(drawn, [30, 30, 30, 30], 1.5)
    context.close()


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("path", ["/retention", "/required-shots"])
def test_the_administrators_pages_fit_every_screen(browser_page: Page, town: Street, path: str, width: int) -> None:
    browser_page.set_viewport_size({"width": width, "height": 800})
    browser_page.goto(f"/login?next={path}")
    browser_page.locator("#login").fill(town.city.admin.login)
    browser_page.locator("#password").fill(town.city.admin.password)
    browser_page.locator("main button").click()
    browser_page.wait_for_load_state("load")
    assert browser_page.evaluate("document.documentElement.scrollWidth <= innerWidth")
