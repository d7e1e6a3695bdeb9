"""Case standards: the version in force, conditions and limits by version, class, condition and season."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import world
from console import console
from flask import Flask
from flask.testing import FlaskClient
from support.field import FieldHandset

from server import clock
from server.db import read, transact
from server.standards.conditions import conditions_of
from server.standards.limits import limits_of
from server.standards.models import StageLimit
from server.standards.operations import load_scheme
from server.standards.published import publish_all
from server.standards.queries import CategoryKey, category_names, newest_version, scheme_versions
from server.standards.shipped import read_shipped, shipped_names

SCHEME, VERSION = "gbt30428_2_2013", "2013-observed"
TREE = "b0402"


@pytest.fixture
def loaded(app: Flask) -> Flask:
    with app.app_context():
        transact(load_scheme, read_shipped(SCHEME))
    return app


def asked(app: Flask, query: Callable[..., Any], *told: Any, **more: Any) -> Any:  # noqa: ANN401 (whatever the query returns)
    with app.app_context():
        return read(query, *told, **more)


def limits(app: Flask, code: str, *told: Any, version: str | None = VERSION, **more: Any) -> dict[str, str]:  # noqa: ANN401 (arguments passed on)
    found = asked(app, limits_of, SCHEME, version, code, *told, **more)
    return {stage.value: str(limit) for stage, limit in found.items()}


def dated(version: str, effective_from: str | None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 (members of the file)
    return read_shipped(SCHEME) | {"version": version, "effective_from": effective_from} | more


def test_every_stage_of_every_class_has_a_limit(loaded: Flask) -> None:
    assert limits(loaded, "0602") == {
        "acceptance": "0.25 emergency_hour",
        "verification": "2 emergency_hour",
        "dispatch": "0.25 emergency_hour",
        "disposal": "1 work_day",
        "check": "2 emergency_hour",
    }


def test_a_condition_has_its_own_limit(loaded: Flask) -> None:
    conditions = asked(loaded, conditions_of, SCHEME, VERSION, "0101")
    assert [one.no for one in conditions] == [1, 2, 3]
    assert [limits(loaded, "0101", one.no)["disposal"] for one in conditions] == [
        "2 natural_day",
        "15 work_day",
        "2 work_day",
    ]
    assert limits(loaded, "0101", 2)["check"] == "2 emergency_hour"


def test_where_nobody_named_the_condition_the_first_one_holds(loaded: Flask) -> None:
    assert limits(loaded, "0101")["disposal"] == "2 natural_day"
    assert limits(loaded, "0101", 9)["disposal"] == "1 work_day"


def test_the_row_of_the_class_speaks_before_its_first_condition(loaded: Flask) -> None:
    row = StageLimit(
        scheme=SCHEME,
        version=VERSION,
        code="0101",
        condition_no=0,
        stage="disposal",
        clock="work_day",
        amount=9,
        wording="",
    )
    with loaded.app_context():
        transact(lambda session: session.add(row))
    assert limits(loaded, "0101")["disposal"] == "9 work_day"
    assert limits(loaded, "0101", 2)["disposal"] == "15 work_day"
    assert limits(loaded, "0101", 9)["disposal"] == "9 work_day"


def test_the_planting_season_gives_more_time(loaded: Flask) -> None:
    missing = [
        one.no for one in asked(loaded, conditions_of, SCHEME, VERSION, TREE) if one.filing_condition == "缺株、死株"
    ]
    assert len(missing) == 2
    for no in missing:
        assert limits(loaded, TREE, no, on=date(2026, 3, 10))["disposal"] == "15 work_day"
        assert limits(loaded, TREE, no, on=date(2026, 7, 10))["disposal"] == "5 work_day"


def test_the_season_is_todays_in_beijing(loaded: Flask) -> None:
    eve = datetime(2026, 2, 14, 15, 59, tzinfo=UTC)
    for moment, expected in ((eve, "5 work_day"), (eve + timedelta(minutes=1), "15 work_day")):
        with clock.use(lambda at=moment: at):
            assert limits(loaded, TREE, 2)["disposal"] == expected


@pytest.mark.parametrize("version", [None, "1999"])
def test_a_case_of_a_version_that_is_not_loaded_has_the_usual_limits(loaded: Flask, version: str | None) -> None:
    assert limits(loaded, "0101", 1, version=version)["disposal"] == "1 work_day"
    assert len(limits(loaded, "0101", version=version)) == 5


def test_the_version_in_force_is_the_one_whose_day_has_come(loaded: Flask) -> None:
    with loaded.app_context():
        for version, day in (("2027", "2027-01-01"), ("2026", "2026-01-01"), ("2028", "2028-01-01")):
            transact(load_scheme, dated(version, day))
    days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1))
    assert [asked(loaded, newest_version, SCHEME, day) for day in days] == [VERSION, "2026", "2026", "2027"]
    assert asked(loaded, scheme_versions) == [(SCHEME, one) for one in ("2028", "2027", "2026", VERSION)]
    assert asked(loaded, newest_version, "unknown") is None


def test_a_name_comes_from_the_version_in_force_and_only_else_from_one_to_come(loaded: Flask) -> None:
    coming = dated("2099", "2099-01-01")
    coming["classes"][-1]["minors"] = [
        {"code": "02", "name": "改名", "name_en": "Renamed"},
        {"code": "77", "name": "新类", "name_en": "New"},
    ]
    with loaded.app_context():
        transact(load_scheme, coming)
    names = asked(loaded, category_names, [CategoryKey(SCHEME, "0602"), CategoryKey(SCHEME, "0677")])
    assert {key.code: name.name for key, name in names.items()} == {"0602": "临街屠宰", "0677": "新类"}


def test_loading_again_never_changes_what_cases_were_filed_under(loaded: Flask) -> None:
    before = limits(loaded, "0101", 2)
    changed = read_shipped(SCHEME)
    first = next(major for major in changed["classes"] if major["issue_kind"] == "event")["minors"][0]
    first["conditions"][1] |= {"limit": "1天", "filing": "别的"}
    first["name_en"] = "Shanty"
    with loaded.app_context():
        transact(load_scheme, changed)
    assert limits(loaded, "0101", 2) == before
    assert asked(loaded, conditions_of, SCHEME, VERSION, "0101")[1].filing_condition != "别的"
    names = asked(loaded, category_names, [CategoryKey(SCHEME, "0101")])
    assert [name.name_en for name in names.values()] == ["Shanty"]


def test_handsets_get_the_version_in_force_the_one_before_and_the_next(loaded: Flask, collector: FieldHandset) -> None:
    def published() -> set[str]:
        whole = collector.client.get("/api/v1/reference/category-schemes", headers=collector.headers).get_json()
        return {key.split("/")[1] for key in whole["entries"]}

    days = {"2020": "2020-01-01", "2021": "2021-01-01", "2090": "2090-01-01", "2091": "2091-01-01"}
    with loaded.app_context():
        for version, day in days.items():
            transact(load_scheme, dated(version, day))
    assert published() == {"2020", "2021", "2090"}
    with loaded.app_context(), clock.use(lambda: datetime(2090, 6, 1, tzinfo=UTC)):
        transact(publish_all)
    assert published() == {"2021", "2090", "2091"}


def test_a_handset_reads_the_conditions_of_a_class(loaded: Flask, collector: FieldHandset) -> None:
    whole = collector.client.get("/api/v1/reference/category-schemes", headers=collector.headers)
    entry = whole.get_json()["entries"][f"{SCHEME}/{VERSION}/{TREE}"]
    assert entry["effective_from"] is None
    assert entry["conditions"][2] == {
        "no": 3,
        "filing": "缺株、死株",
        "closing": "补种同种树木并支撑",
        "limit": "15 work_day",
        "season": "02-15~04-15",
    }


def test_the_three_schemes_together_are_small_enough_for_a_weak_line(app: Flask, collector: FieldHandset) -> None:
    with app.app_context():
        for name in shipped_names():
            transact(load_scheme, read_shipped(name))
    whole = collector.client.get("/api/v1/reference/category-schemes", headers=collector.headers)
    assert len(whole.get_json()["entries"]) == 132 + 130 + 10
    assert len(whole.data) < 256 * 1024


def test_desks_read_versions_and_their_classes(loaded: Flask, client: FlaskClient, city: world.World) -> None:
    desk = world.signed_in(client, city.acceptance)
    (version,) = client.get("/api/v1/category-schemes", headers=desk).get_json()["versions"]
    assert (version["scheme"], version["version"], version["in_force"]) == (SCHEME, VERSION, True)
    assert (version["classes"], version["conditions"]) == (132, 140)
    path = f"/api/v1/category-schemes/{SCHEME}/{VERSION}/classes"
    first = client.get(path, query_string={"limit": 100}, headers=desk).get_json()
    rest = client.get(path, query_string={"limit": 100, "after": first["next"]}, headers=desk).get_json()
    assert (len(first["classes"]), len(rest["classes"]), rest["next"]) == (100, 32, None)
    tree = next(one for one in rest["classes"] if one["code"] == TREE)
    assert tree["conditions"][2]["season"] == "02-15~04-15"
    assert tree["conditions"][2]["limits"] == {"disposal": {"clock": "work_day", "amount": "15", "wording": "15工作日"}}
    assert first["limits"]["acceptance"] == {"clock": "emergency_hour", "amount": "0.25", "wording": "0.25 紧急工作时"}


def test_an_unknown_version_is_not_found(loaded: Flask, client: FlaskClient, city: world.World) -> None:
    desk = world.signed_in(client, city.acceptance)
    for name in ("1999", "%00"):
        for tail in ("classes", "workbook"):
            path = f"/api/v1/category-schemes/{SCHEME}/{name}/{tail}"
            assert client.get(path, headers=desk).status_code == 404, path


def test_the_page_shows_conditions_with_the_clock_and_the_wording(loaded: Flask, city: world.World) -> None:
    desk = console(loaded, city.acceptance)
    listing = desk.text("/standards/schemes")
    assert VERSION in listing
    assert "Import a table" not in listing
    page = desk.text(f"/standards/schemes/{SCHEME}/{VERSION}")
    assert "井盖缺失、移位或塌陷，人车可能坠入" in page
    assert "Disposal: 2 emergency hours" in page
    assert "2紧急工作时" in page
