"""The console's doors: sign-in, the own account, the language, officers and handsets by forms."""

import re

import pytest
import world
from console import console, stranger
from flask import Flask

NEW = "a longer way round the lake"


def test_a_wrong_password_shows_the_form_again_with_the_login_kept(app: Flask, city: world.World) -> None:
    response = stranger(app).post("/login", login=city.admin.login, password="not this one")
    assert response.status_code == 401
    assert "Login or password is wrong" in response.text
    assert f'value="{city.admin.login}"' in response.text
    assert "not this one" not in response.text


def test_signing_in_leads_to_the_page_that_was_asked_for(app: Flask, city: world.World) -> None:
    browser = stranger(app)
    asked = browser.get("/cases?state=filed").location
    response = browser.post(asked, login=city.dispatcher.login, password=city.dispatcher.password)
    assert response.location == "/cases?state=filed"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", r"/\evil.example", "/\t/evil.example", "x"]
)
def test_signing_in_never_leads_to_another_site(app: Flask, city: world.World, target: str) -> None:
    browser = stranger(app)
    fields = {"csrf_token": browser.csrf_token(), "login": city.admin.login, "password": city.admin.password}
    response = browser.client.post("/login", query_string={"next": target}, data=fields)
    assert (response.status_code, response.location) == (303, "/")


def test_signing_out_closes_the_console(app: Flask, city: world.World) -> None:
    browser = console(app, city.admin)
    browser.post("/logout")
    assert browser.get("/officers").status_code == 302


def test_signing_out_everywhere_ends_the_session_on_the_other_computer(app: Flask, city: world.World) -> None:
    here, elsewhere = console(app, city.admin), console(app, city.admin)
    here.post("/account/sign-out-everywhere")
    assert [here.get("/officers").status_code, elsewhere.get("/officers").status_code] == [302, 302]


def test_a_changed_password_keeps_this_session_and_ends_the_others(app: Flask, city: world.World) -> None:
    here, elsewhere = console(app, city.admin), console(app, city.admin)
    here.post("/account/password", old=world.PASSWORD, new=NEW, again=NEW)
    assert "Your password is changed" in here.text("/account")
    assert elsewhere.get("/officers").status_code == 302
    assert console(app, city.admin, NEW).get("/officers").status_code == 200


def test_two_different_new_passwords_change_nothing(app: Flask, city: world.World) -> None:
    here = console(app, city.admin)
    here.post("/account/password", old=world.PASSWORD, new=NEW, again=NEW + "!")
    assert "The two new passwords differ" in here.text("/account")
    assert console(app, city.admin).get("/officers").status_code == 200


def test_a_temporary_password_is_shown_once_and_must_be_changed_first(app: Flask, city: world.World) -> None:
    shown = console(app, city.admin).post(f"/officers/{city.dispatcher.id}/reset-password")
    assert shown.headers["Cache-Control"] == "no-store"
    temporary = re.search(r'class="code mono">([^<]+)<', shown.text)
    assert temporary is not None
    browser = console(app, city.dispatcher, temporary[1])
    assert (browser.get("/").location, browser.get("/cases").location) == ("/account", "/account")
    browser.post("/account/password", old=temporary[1], new=NEW, again=NEW)
    assert browser.get("/cases").status_code == 200


def test_a_closed_account_cannot_sign_in_until_it_is_opened_again(app: Flask, city: world.World) -> None:
    admin, theirs = console(app, city.admin), console(app, city.dispatcher)
    admin.post(f"/officers/{city.dispatcher.id}/deactivate")
    assert theirs.get("/cases").status_code == 302
    fields = {"login": city.dispatcher.login, "password": city.dispatcher.password}
    assert stranger(app).post("/login", **fields).status_code == 401
    admin.post(f"/officers/{city.dispatcher.id}/reactivate")
    assert stranger(app).post("/login", **fields).status_code == 303


def test_a_refused_step_on_an_account_says_why(app: Flask, city: world.World) -> None:
    admin = console(app, city.admin)
    admin.post(f"/officers/{city.admin.id}/deactivate")
    assert "Nobody administers their own account" in admin.text("/officers")
    dispatcher = console(app, city.dispatcher)
    assert dispatcher.post(f"/officers/{city.reviewer.id}/deactivate").status_code == 303
    assert "the roles that do are listed. System administrator" in dispatcher.text("/officers")
    assert console(app, city.reviewer).get("/evidence").status_code == 200


def test_a_page_for_other_roles_lists_them(app: Flask, city: world.World) -> None:
    refused = console(app, city.dispatcher).get("/quarantine")
    assert refused.status_code == 403
    assert re.findall("<li>([^<]+)</li>", refused.text)[-2:] == ["Supervisor", "System administrator"]


def test_a_step_that_is_hard_to_take_back_is_confirmed_first(app: Flask, city: world.World) -> None:
    handset = world.enrolled(app, city, city.collector, "one handset")
    admin = console(app, city.admin)
    for page, path in (
        ("/officers", f"/officers/{city.dispatcher.id}/deactivate"),
        ("/officers", f"/officers/{city.dispatcher.id}/reset-password"),
        ("/handsets", f"/handsets/{handset.install_id}/revoke"),
        ("/account", "/account/sign-out-everywhere"),
    ):
        text = admin.text(page)
        opened = re.findall(r'<details class="confirm">.*?</details>', text, re.DOTALL)
        assert [path in one and "<summary" in one for one in opened].count(True) == 1, path
        assert text.count(f'action="{path}"') == 1, path


def test_an_enrolment_code_is_shown_as_text_and_picture_and_enrols(app: Flask, city: world.World) -> None:
    shown = console(app, city.admin).post(f"/officers/{city.collector.id}/enrolment-code")
    code = re.search(r'class="code mono">([0-9A-Z-]{14})<', shown.text)
    assert code is not None
    assert "<svg" in shown.text


def test_a_revoked_handset_is_marked_and_offers_no_second_revoking(app: Flask, city: world.World) -> None:
    handset = world.enrolled(app, city, city.collector, "one handset")
    admin = console(app, city.admin)
    path = f"/handsets/{handset.install_id}/revoke"
    assert path in admin.text("/handsets")
    admin.post(path)
    page = admin.text("/handsets")
    assert "Revoked" in page
    assert path not in page


def test_the_language_is_kept_with_the_account_and_in_the_browser(app: Flask, city: world.World) -> None:
    browser = console(app, city.admin)
    assert '<html lang="en">' in browser.text("/")
    response = browser.post("/language", locale="zh_Hans_CN", next="/officers")
    assert response.location == "/officers"
    assert '<html lang="zh-CN">' in browser.text("/officers")
    assert '<html lang="zh-CN">' in console(app, city.admin).text("/")
    assert browser.post("/language", locale="tlh", next="//evil.example").status_code == 422
