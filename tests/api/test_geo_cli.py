"""``geo import | check | activate | list``: layers from files, where no browser is at hand."""

import json
from pathlib import Path

import pytest
import world
from click.testing import Result
from flask import Flask
from support.ground import cell, cells

from server.demo import ground


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sound.geojson").write_text(json.dumps(cells()), encoding="utf-8")
    (tmp_path / "lake.geojson").write_text(json.dumps(cells(without=(5,))), encoding="utf-8")
    (tmp_path / "broken.geojson").write_text(json.dumps(ground.broken_grids()), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a layer", encoding="utf-8")
    return tmp_path


def geo(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["geo", *arguments])


def brought(app: Flask, file: Path, by: str = "admin") -> Result:
    kind = ("--kind", "unit_grid", "--agency", "990101", "--name", "grids")
    return geo(app, "import", str(file), *kind, "--by", by)


def checked(app: Flask, file: Path) -> Result:
    return geo(app, "check", str(file), "--kind", "unit_grid", "--agency", "990101")


def test_a_sound_file_is_imported_activated_and_listed(app: Flask, city: world.World, folder: Path) -> None:
    made = brought(app, folder / "sound.geojson")
    assert made.exit_code == 0, made.output
    layer_id = made.output.split()[0]
    assert "draft, version 1, 9 features" in made.output
    assert geo(app, "activate", layer_id, "--by", "admin").exit_code == 0
    listed = geo(app, "list")
    assert layer_id in listed.output
    assert "current" in listed.output


def test_a_check_stores_nothing_and_ends_with_one_where_something_is_wrong(
    app: Flask, city: world.World, folder: Path
) -> None:
    assert checked(app, folder / "sound.geojson").exit_code == 0
    broken = checked(app, folder / "broken.geojson")
    assert broken.exit_code == 1
    assert "overlap 990101001009010, 990101001009011" in broken.output
    assert "self_crossing: 1" in broken.output
    assert "draft" not in geo(app, "list").output


def test_a_gap_needs_a_reason_on_the_command_line_too(app: Flask, city: world.World, folder: Path) -> None:
    made = brought(app, folder / "lake.geojson")
    assert cell(4) in made.output
    layer_id = made.output.split()[0]
    refused = geo(app, "activate", layer_id, "--by", "admin")
    assert refused.exit_code == 1
    assert "gap" in refused.output
    assert geo(app, "activate", layer_id, "--by", "admin", "--reason", "a lake").exit_code == 0


@pytest.mark.parametrize(
    "refusal",
    [
        ("notes.txt", "admin", "not JSON"),
        ("sound.geojson", "dispatcher", "does not allow"),
        ("sound.geojson", "nobody", "no active officer nobody"),
        ("sound.geojson", "shaqiao-admin", "nothing here"),
    ],
)
def test_what_is_refused_says_why(app: Flask, city: world.World, folder: Path, refusal: tuple[str, str, str]) -> None:
    file, by, told = refusal
    refused = brought(app, folder / file, by)
    assert refused.exit_code == 1
    assert told in refused.output
    assert "draft" not in geo(app, "list").output
