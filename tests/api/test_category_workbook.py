"""/category-schemes/…/workbook: a city's table becomes a new version; good rows go in, bad rows are named."""

import json
from collections.abc import Sequence
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import world
from console import console
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from support.category_table import HEADER, as_csv, as_xlsx, five_hundred, row, spoilt
from support.field import FieldHandset
from werkzeug.test import TestResponse

from server.db import read, transact
from server.ledger.models import AuditEntry
from server.standards.conditions import conditions_of
from server.standards.limits import limits_of
from server.standards.operations import load_scheme
from server.standards.queries import newest_version, required_shots
from server.standards.rules import LimitStage, Shot
from server.standards.shipped import read_shipped
from server.standards.stored import VersionKey, content_of

SCHEME = "gbt30428_2_2013"
FROM = "2026-01-01"
GOOD = [
    row("10", "暴露生活垃圾", "成堆"),
    row("10", "暴露生活垃圾", "散落", "2工作时"),
    row("77", "新类", "有", "1紧急工作日"),
]


@pytest.fixture
def admin(client: FlaskClient, city: world.World) -> dict[str, str]:
    return world.signed_in(client, city.admin)


def bring(
    client: FlaskClient, headers: dict[str, str], content: bytes, version: str = "2026", **asked: str
) -> TestResponse:
    path = f"/api/v1/category-schemes/{SCHEME}/{version}/workbook"
    told = {"effective_from": FROM, **asked}
    return client.put(path, query_string=told, data=content, headers=headers)


def load(app: Flask) -> None:
    with app.app_context():
        transact(load_scheme, read_shipped(SCHEME))


def stored(app: Flask, version: str = "2026") -> Any:  # noqa: ANN401 (a scheme's content)
    with app.app_context():
        return read(content_of, VersionKey(SCHEME, version))


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
def test_of_500_rows_with_12_bad_ones_488_go_in_and_12_are_named(
    app: Flask,
    client: FlaskClient,
    admin: dict[str, str],
    write: Any,  # noqa: ANN401 (one of two writers)
) -> None:
    rows = five_hundred()
    expected = spoilt(rows)
    answer = bring(client, admin | {"Accept-Language": "en"}, write(rows))
    assert answer.status_code == 200, answer.text
    report = answer.get_json()
    assert (report["rows_read"], report["rows_stored"], report["bad_rows"]) == (500, 488, 12)
    assert len(report["bad"]) == 12
    for bad in report["bad"]:
        heading, reason = expected[bad["row"]]
        assert bad["heading"] == heading
        assert reason in bad["reason"], bad
    content = stored(app)
    assert sum(map(len, content.conditions.values())) == 488
    assert len(content.classes) == 100


def test_reasons_come_in_the_readers_language_with_what_was_read(client: FlaskClient, admin: dict[str, str]) -> None:
    bad = [row("10", "暴露生活垃圾", "成堆"), row("10", "暴露生活垃圾", "散落", "尽快")]
    report = bring(client, admin | {"Accept-Language": "en"}, as_csv(bad)).get_json()
    assert [(one["row"], one["column"]) for one in report["bad"]] == [(3, "limit")]
    assert "“尽快”" in report["bad"][0]["reason"]


def test_a_trial_run_reports_and_stores_nothing(app: Flask, client: FlaskClient, admin: dict[str, str]) -> None:
    report = bring(client, admin, as_csv(GOOD), dry_run="true").get_json()
    assert (report["dry_run"], report["rows_stored"], report["classes"]) == (True, 3, 2)
    assert client.get("/api/v1/category-schemes", headers=admin).get_json()["versions"] == []
    assert bring(client, admin, as_csv(GOOD)).status_code == 200


def test_a_version_that_is_loaded_is_never_changed(app: Flask, client: FlaskClient, admin: dict[str, str]) -> None:
    assert bring(client, admin, as_csv(GOOD)).status_code == 200
    before = stored(app)
    for asked in ({}, {"dry_run": "true"}):
        refused = bring(client, admin, as_csv([row("10", "别名", "别的", "9天")]), **asked)
        assert (refused.status_code, refused.get_json()["type"].rpartition("/")[2]) == (409, "version-exists")
    assert stored(app) == before


def test_a_new_version_comes_into_force_on_its_day_and_cases_keep_the_old_one(
    app: Flask, client: FlaskClient, admin: dict[str, str]
) -> None:
    load(app)
    bring(client, admin, as_csv(GOOD), effective_from="2030-01-01")
    with app.app_context():
        assert read(newest_version, SCHEME, date(2029, 12, 31)) == "2013-observed"
        assert read(newest_version, SCHEME, date(2030, 1, 1)) == "2026"
        assert len(read(conditions_of, SCHEME, "2013-observed", "0110")) == 4
        assert len(read(conditions_of, SCHEME, "2026", "0110")) == 2
        old, new = (
            {stage.value: str(limit) for stage, limit in read(limits_of, SCHEME, version, "0110", 2).items()}
            for version in ("2013-observed", "2026")
        )
    assert (old["disposal"], new["disposal"]) == ("4 work_hour", "2 work_hour")


def test_what_the_table_does_not_say_is_taken_over_from_the_version_in_force(
    app: Flask, client: FlaskClient, admin: dict[str, str]
) -> None:
    load(app)
    shots = [{"stage": "disposal", "role": "after", "count": 2}]
    of = {"scheme": SCHEME, "version": "2013-observed", "code": "0110", "shots": shots}
    assert client.put("/api/v1/required-shots", json=of, headers=admin).status_code == 200
    assert bring(client, admin, as_csv(GOOD)).status_code == 200
    content = stored(app)
    assert content.classes["0110"].name_en == "Exposed household waste"
    assert content.classes["0177"].name_en == "新类"
    with app.app_context():
        assert read(required_shots, SCHEME, "2026", "0110") == (Shot("disposal", "after", 2),)
        assert read(required_shots, SCHEME, "2026", "0177") == (Shot("disposal", "after", 1),)
        assert str(read(limits_of, SCHEME, "2026", "0177")[LimitStage.ACCEPTANCE]) == "0.25 emergency_hour"


def test_photographs_of_the_table_are_required_and_other_classes_keep_the_usual(
    app: Flask, client: FlaskClient, admin: dict[str, str]
) -> None:
    header = (*HEADER, "上报照片")
    assert bring(client, admin, as_csv([[*GOOD[0], "2"], [*GOOD[2], ""]], header)).status_code == 200
    with app.app_context():
        assert read(required_shots, SCHEME, "2026", "0110") == (Shot("report", "near", 2), Shot("disposal", "after", 1))
        assert read(required_shots, SCHEME, "2026", "0177") == (Shot("disposal", "after", 1),)


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_an_exported_table_is_imported_as_the_same_version(
    app: Flask, client: FlaskClient, admin: dict[str, str], form: str
) -> None:
    load(app)
    path = f"/api/v1/category-schemes/{SCHEME}/2013-observed/workbook"
    exported = client.get(path, query_string={"format": form}, headers=admin)
    assert exported.status_code == 200
    assert exported.headers["Content-Disposition"] == f'attachment; filename="{SCHEME}-2013-observed.{form}"'
    report = bring(client, admin, exported.data).get_json()
    assert report["bad"] == []
    assert stored(app) == stored(app, "2013-observed")


def test_an_import_is_audited_and_travels_to_handsets(
    app: Flask, client: FlaskClient, admin: dict[str, str], city: world.World, collector: FieldHandset
) -> None:
    bring(client, admin, as_csv(GOOD), source="table.csv")
    with app.app_context():
        noted = select(AuditEntry).where(AuditEntry.action == "standards_imported")
        entries = read(
            lambda session: [(one.subject_id, one.actor_id, json.loads(one.facts)) for one in session.scalars(noted)]
        )
    facts = {"classes": 2, "effective_from": FROM, "source": "table.csv"}
    assert entries == [(f"{SCHEME}/2026", city.admin.id, facts)]
    whole = collector.client.get("/api/v1/reference/category-schemes", headers=collector.headers).get_json()
    entry = whole["entries"][f"{SCHEME}/2026/0110"]
    assert (entry["effective_from"], [one["limit"] for one in entry["conditions"]]) == (
        FROM,
        ["4 work_hour", "2 work_hour"],
    )


@pytest.mark.parametrize(
    ("content", "status", "slug"),
    [
        (b"", 422, "bad-workbook"),
        (b"\xd0\xcf\x11\xe0 an old workbook", 422, "bad-workbook"),
        (as_csv([["01"]], ("大类代码", "大类名称", "小类代码")), 422, "bad-workbook"),
        (as_csv([row("10", "垃圾", "成堆", "尽快")]), 422, "bad-workbook"),
        (b"x" * (5 * 1024 * 1024 + 1), 413, "body-too-large"),
    ],
    ids=["empty", "xls", "columns", "no-good-row", "size"],
)
def test_what_is_no_table_is_refused_and_stores_nothing(
    client: FlaskClient, admin: dict[str, str], content: bytes, status: int, slug: str
) -> None:
    refused = bring(client, admin, content)
    assert (refused.status_code, refused.get_json()["type"].rpartition("/")[2]) == (status, slug)
    assert client.get("/api/v1/category-schemes", headers=admin).get_json()["versions"] == []


def test_texts_that_no_handset_should_carry_are_refused(client: FlaskClient, admin: dict[str, str]) -> None:
    long: Sequence[list[str]] = [
        row(f"{minor:03d}", f"小类{minor}", f"{no} " + "字" * 490, 结案条件="字" * 490)
        for minor in range(100, 180)
        for no in range(10)
    ]
    refused = bring(client, admin, as_csv(long))
    assert (refused.status_code, refused.get_json()["type"].rpartition("/")[2]) == (422, "bad-workbook")
    assert refused.get_json()["bytes"] > 2 * 1024 * 1024


@pytest.mark.parametrize("version", ["新版", "x" * 25, "a b"])
def test_a_name_that_fits_no_key_is_refused(client: FlaskClient, admin: dict[str, str], version: str) -> None:
    refused = bring(client, admin, as_csv(GOOD), version)
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["version"])


def test_the_day_of_coming_into_force_must_be_named(client: FlaskClient, admin: dict[str, str]) -> None:
    assert bring(client, admin, as_csv(GOOD), effective_from="soon").status_code == 422


def test_only_the_top_administrator_imports(client: FlaskClient, city: world.World) -> None:
    for person in (city.town_admin, city.dispatcher, city.reviewer):
        headers = world.signed_in(client, person)
        assert bring(client, headers, as_csv(GOOD)).status_code == 403, person.login
    assert bring(client, {}, as_csv(GOOD)).status_code == 401


def test_the_page_brings_a_table_and_names_its_bad_rows(app: Flask, city: world.World) -> None:
    desk = console(app, city.admin)
    assert "Import a table" in desk.text("/standards/schemes")
    sent = {"csrf_token": desk.csrf_token(), "scheme": SCHEME, "version": "2026", "effective_from": FROM}
    table = as_csv([*GOOD, row("78", "新类", "有", "尽快")])

    def post(**more: Any) -> str:  # noqa: ANN401 (form fields)
        answer = desk.client.post("/standards/schemes", data=sent | {"file": (BytesIO(table), "t.csv")} | more)
        assert answer.status_code == 200
        # werkzeug's client writes a large form into a temporary file and leaves it open.
        answer.request.environ["wsgi.input"].close()
        return answer.text

    assert "4 rows: 3 good, 1 bad" in post(dry_run="1")
    assert desk.get(f"/standards/schemes/{SCHEME}/2026").status_code == 404
    assert "no time limit" in post()
    assert "loaded already" in post()
    large = post(file=(BytesIO(b"x" * (2 * 1024 * 1024)), "large.csv"), version="2027")
    assert "The CSV text is broken" in large
    assert desk.get(f"/standards/schemes/{SCHEME}/2026/table.csv").data.startswith(b"\xef\xbb\xbf")


def test_the_command_line_loads_imports_and_exports(app: Flask, tmp_path: Path) -> None:
    run = app.test_cli_runner().invoke
    assert "132 minor classes" in run(args=["standards", "load", SCHEME]).output
    table, out = tmp_path / "table.csv", tmp_path / "out.xlsx"
    table.write_bytes(as_csv([*GOOD, row("78", "新类", "有", "尽快")]))
    named = ["--scheme", SCHEME, "--version", "2026"]
    trial = run(args=["standards", "import", str(table), *named, "--dry-run"])
    assert "row 5, 处置时限: “尽快” is no time limit" in trial.output
    assert "4 rows: 3 would go in, 1 bad; 2 classes." in trial.output
    assert "3 in, 1 bad" in run(args=["standards", "import", str(table), *named, "--effective-from", FROM]).output
    again = run(args=["standards", "import", str(table), *named])
    assert (again.exit_code, "loaded already" in again.output) == (1, True)
    assert "2026 *" in run(args=["standards", "list"]).output
    assert "Wrote 2 classes" in run(args=["standards", "export", str(out), *named]).output
    assert out.read_bytes().startswith(b"PK")
