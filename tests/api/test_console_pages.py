"""The console's pages: who sees which, forms that change state, and rows that stay within their agency."""

import re
from uuid import UUID

import pytest
from console import Console, console, stranger
from flask import Flask
from flask.testing import FlaskClient
from street import Street, declared, sha256_of, street
from support.databases import ON_SQLITE_ONLY

EVERYBODY = {"/", "/account"}
CASES = {"/cases", "/requests", "/evidence", "/evidence/missing", "/responsibilities", "/geography", "/officers"}
# Who only reads what is arranged there comes by a link or an address, not by the menu.
DISPATCHING = {"/tasks", "/duplicates"}
STANDARDS = {"/standards/schemes", "/standards/calendar"}
FLEET = {"/handsets", "/alarms"}
SETTING_UP = {"/required-shots", "/agencies", "/retention"}
DESK = EVERYBODY | CASES | DISPATCHING | STANDARDS
ALL = tuple(sorted(DESK | FLEET | SETTING_UP | {"/quarantine", "/audit"}))
SEEN_BY = {
    "collector": EVERYBODY,
    "dispatcher": DESK | FLEET,
    "reviewer": DESK,
    "supervisor": DESK | FLEET | {"/quarantine"},
    "admin": EVERYBODY | STANDARDS | FLEET | SETTING_UP | {"/quarantine", "/officers", "/geography"},
}
UNLISTED = {
    "collector": {"/account"},
    "dispatcher": {"/account"} | STANDARDS,
    "reviewer": {"/account"} | STANDARDS | DISPATCHING,
    "supervisor": {"/account"} | STANDARDS | DISPATCHING,
    "admin": {"/account"},
}


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    return street(app, client)


def version_of(desk: Console, case_id: UUID) -> str:
    found = re.search(r'name="version" value="([0-9a-f]+)"', desk.text(f"/cases/{case_id}"))
    assert found is not None
    return found[1]


@ON_SQLITE_ONLY
@pytest.mark.parametrize("who", SEEN_BY)
def test_every_page_opens_for_its_roles_and_for_no_other(app: Flask, town: Street, who: str) -> None:
    town.report("near")
    browser = console(app, getattr(town.city, who))
    answered = {path: browser.get(path).status_code for path in ALL}
    assert answered == {path: 200 if path in SEEN_BY[who] else 403 for path in ALL}


def test_the_menu_offers_only_pages_that_open(app: Flask, town: Street) -> None:
    for who, pages in SEEN_BY.items():
        browser = console(app, getattr(town.city, who))
        menu = re.findall(r'<li><a href="([^"]+)"', browser.text("/account"))
        assert set(menu) == pages - UNLISTED[who], who


@ON_SQLITE_ONLY
def test_no_page_carries_script_or_style_that_the_policy_forbids(app: Flask, town: Street) -> None:
    case_id = town.report("near")
    browser = console(app, town.city.supervisor)
    for path in (*ALL, f"/cases/{case_id}"):
        page = browser.get(path)
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        inline = re.findall(r"<script(?![^>]*(?:src=|application/json))|<style|\sstyle=|\son[a-z]+=", page.text)
        assert inline == [], path


def test_a_stranger_is_sent_to_the_sign_in_form(app: Flask) -> None:
    for path in (*ALL, "/cases?state=filed"):
        response = stranger(app).get(path)
        assert (response.status_code, response.location.partition("=")[0]) == (302, "/login?next"), path


def test_a_form_without_its_token_changes_nothing(app: Flask, town: Street) -> None:
    case_id = town.report("near")
    desk = console(app, town.city.dispatcher)
    refused = desk.client.post(f"/cases/{case_id}/actions", data={"action": "file"})
    assert refused.status_code == 400
    assert town.case(case_id)["state"] == "reported"


def test_a_dispatcher_files_and_dispatches_a_case_by_forms(app: Flask, town: Street) -> None:
    case_id = town.report("near")
    desk = console(app, town.city.dispatcher)
    filed = desk.post(f"/cases/{case_id}/actions", action="file", version=version_of(desk, case_id))
    assert (filed.status_code, filed.location) == (303, f"/cases/{case_id}")
    facts = {"version": version_of(desk, case_id), "squad_id": str(town.city.street_squad_id), "reason": "今日内处理"}
    desk.post(f"/cases/{case_id}/actions", action="dispatch", **facts)
    page = desk.text(f"/cases/{case_id}")
    assert town.case(case_id)["state"] == "dispatched"
    assert "城中中队" in page
    assert "今日内处理" in page


def test_a_refused_step_shows_why_and_keeps_what_was_typed(app: Flask, town: Street) -> None:
    case_id = town.report("near")
    desk = console(app, town.city.dispatcher)
    version = version_of(desk, case_id)
    desk.post(f"/cases/{case_id}/actions", action="file", version=version)
    squad = str(town.city.street_squad_id)
    refused = desk.post(
        f"/cases/{case_id}/actions", action="dispatch", version=version, squad_id=squad, reason="写了很久"
    )
    assert refused.status_code == 409
    assert "Somebody else was faster" in refused.text
    assert ">写了很久</textarea>" in refused.text
    assert f'<option value="{squad}" selected>' in refused.text
    assert town.case(case_id)["state"] == "filed"


def test_the_case_page_offers_only_steps_that_state_and_role_allow(app: Flask, town: Street) -> None:
    case_id = town.report("near")
    offered = r'name="action" value="(\w+)"'
    steps = ["verify", "file", "reject"]
    assert re.findall(offered, console(app, town.city.dispatcher).text(f"/cases/{case_id}")) == steps
    assert re.findall(offered, console(app, town.city.reviewer).text(f"/cases/{case_id}")) == []


def test_the_case_page_shows_what_the_file_claims_beside_what_the_handset_claims(app: Flask, town: Street) -> None:
    case_id = town.report("near")
    town.upload("near")
    page = console(app, town.city.reviewer).text(f"/cases/{case_id}")
    assert "123.501200°, 30.498700°" in page
    assert "2026-11-22 08:31:02" in page
    assert "123.500000°, 30.500000°" in page
    assert "185 m from the report" in page


def test_missing_photographs_are_named_with_handset_officer_and_time(app: Flask, town: Street) -> None:
    case_id = town.report("near", "far")
    town.upload("near")
    reviewer = console(app, town.city.reviewer)
    for path in ("/evidence/missing", f"/cases/{case_id}", "/evidence"):
        page = reviewer.text(path)
        assert "collector's" in page, path
        assert "测试 c001" in page, path
        assert "ago</time>" in page, path
    assert reviewer.text("/evidence/missing").count(sha256_of("far")) == 1
    assert sha256_of("near") not in reviewer.text("/evidence/missing")


def test_an_after_photograph_stands_beside_the_one_before_even_when_filtered(app: Flask, town: Street) -> None:
    _case_id, task_id = town.dispatched("far")
    town.answer(task_id, "done", photos=declared("swept", role="after"))
    town.upload("far")
    town.upload("swept", handset=town.enforcer)
    page = console(app, town.city.reviewer).text("/evidence?stage=disposal")
    pair = page[page.index("data-compare") :]
    assert pair.index("Near view") < pair.index("After disposal")
    assert page.count("data-evidence-id=") == 2


def test_older_evidence_follows_on_the_next_page(app: Flask, town: Street) -> None:
    town.report("one")
    town.report("two")
    town.upload("one", "two")
    reviewer = console(app, town.city.reviewer)
    newest = reviewer.text("/evidence?limit=1")
    older = re.search(r'rel="next" href="([^"]+)"', newest)
    assert older is not None
    cards = [re.findall(r'data-evidence-id="([^"]+)"', page) for page in (newest, reviewer.text(older[1] + "&limit=1"))]
    assert [len(found) for found in cards] == [1, 1]
    assert cards[0] != cards[1]


def test_nothing_of_another_agency_shows_on_any_page(app: Flask, town: Street) -> None:
    case_id = town.report("near")
    town.upload("near")
    elsewhere = console(app, town.city.town_dispatcher)
    for path in ("/", "/cases", "/evidence", "/evidence/missing", "/handsets", "/officers"):
        page = elsewhere.text(path)
        for secret in (str(case_id), sha256_of("near"), "collector's", "c001", "垃圾堆放在路边", "城中中队"):
            assert secret not in page, (path, secret)
    assert elsewhere.get(f"/cases/{case_id}").status_code == 404
    assert elsewhere.post(f"/cases/{case_id}/actions", action="file").status_code == 404
    assert elsewhere.get(f"/photos/{sha256_of('near')}/original").status_code == 404


def test_a_wrong_filter_is_a_problem_page_that_says_so(app: Flask, town: Street) -> None:
    reviewer = console(app, town.city.reviewer)
    for path in ("/evidence?stage=lunch", "/evidence?squad_id=7", "/cases?state=lost", "/cases?limit=9999"):
        response = reviewer.get(path)
        assert response.status_code == 422, path
        assert "Some fields are not valid" in response.text
