"""The case bundle as the server makes it: what is in it, who may have it, and that verify.py believes it."""

import io
import json
import re
import shutil
import string
import subprocess
import zipfile
from pathlib import Path
from uuid import uuid4

import pytest
import world
from console import console
from flask import Flask
from fontTools.subset import Options, Subsetter, load_font, save_font
from PIL import Image
from sqlalchemy import update
from support.bundled import JUDGE, ExportedCase, judged, run_judge, work_in_the_street
from support.databases import ON_SQLITE_ONLY
from support.duty import code_for
from support.field import refused
from support.live import LiveServer
from support.office import Office
from support.rehearsal import rehearsed

from photo_store.blobs import original_key, rendition_key
from photo_store.derive import RECIPE
from server.casework.bundle import sheet
from server.config import Settings
from server.current import blobs
from server.db import read, transact
from server.evidence.models import Photo
from server.ledger.custody.signer import present_signer
from server.ledger.queries import custody_of
from server.standards.published import publish_all
from sync.handset import Handset

DOCS = Path(__file__).parents[2] / "docs/custody.md"


# To read the whole Chinese font is most of what an export costs: the untouched bundle and the running server's are
# written with it, the others with its most common letters.
SHIPPED_FONT = sheet.FONT_FILE


@pytest.fixture(scope="session")
def common_letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the shipped font without the rarer letters: ASCII, and the first level of GB 2312."""
    common = (
        bytes((row, place)).decode("gb2312", "ignore") for row in range(0xA1, 0xD8) for place in range(0xA1, 0xFF)
    )
    options = Options(notdef_outline=True, layout_features=[], hinting=False)
    subsetter = Subsetter(options)
    subsetter.populate(text="".join(common) + string.printable)
    path = tmp_path_factory.mktemp("font") / SHIPPED_FONT.name
    with load_font(str(SHIPPED_FONT), options) as font:
        subsetter.subset(font)
        save_font(font, str(path), options)
    return path


@pytest.fixture(autouse=True)
def _small_font(common_letters: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "FONT_FILE", common_letters)


@pytest.fixture
def whole_font(_small_font: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "FONT_FILE", SHIPPED_FONT)


@pytest.fixture
def bundle(exported_case: ExportedCase, tmp_path: Path) -> Path:
    path = tmp_path / "case.zip"
    path.write_bytes(rehearsed(exported_case.app, ("exported", sheet.FONT_FILE), exported_case.export, files=True))
    return path


def states(report: dict[str, object], column: str) -> list[str]:
    return [photo["checks"][column]["state"] for photo in report["photos"]]  # type: ignore[attr-defined]  # JSON


def command(app: Flask, *arguments: str, status: int = 0) -> str:
    """Run a command and return what it said."""
    with app.app_context():
        done = app.test_cli_runner().invoke(args=list(arguments))
    assert done.exit_code == status, done.output
    return done.output


@ON_SQLITE_ONLY
def test_an_untouched_bundle_is_right(whole_font: None, exported_case: ExportedCase, bundle: Path) -> None:
    found = judged(bundle, exported_case.log_key)
    assert found["bundle"] == {name: {"state": "right", "why": []} for name in found["bundle"]}
    assert len(found["photos"]) == 3
    for one in found["photos"]:
        told = {name: check["state"] for name, check in one["checks"].items()}
        assert told.pop("time token") == "none"
        assert set(told.values()) == {"right"}, one
    assert found["status"] == 0
    assert judged(bundle)["status"] == 2


@ON_SQLITE_ONLY
def test_the_running_servers_bundle_is_judged_in_an_empty_folder_with_nothing_installed(
    app: Flask, city: world.World, office: Office, live_server: LiveServer, tmp_path: Path
) -> None:
    with app.app_context():
        transact(publish_all)
    with (
        Handset(tmp_path / "reporter", live_server.url) as reporter,
        Handset(tmp_path / "squad", live_server.url) as squad,
    ):
        reporter.enrol(code_for(app, city, city.collector))
        squad.enrol(code_for(app, city, city.enforcer))
        case_id = work_in_the_street(reporter, squad, office)
    empty = tmp_path / "empty"
    empty.mkdir()
    headers = office.headers_of(city.supervisor)["Authorization"]
    url = f"{live_server.url}/api/v1/cases/{case_id}/bundle"
    subprocess.run(["curl", "-sSf", "-H", f"Authorization: {headers}", "-o", "case.zip", url], cwd=empty, check=True)  # noqa: S607 (whichever curl the machine has)
    live_server.kill()
    shutil.copy(JUDGE, empty / "verify.py")
    with app.app_context():
        key = present_signer().verifier.text
    done = run_judge("case.zip", "--log-key", key, folder=empty)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    line = "bytes ✓  device signature ✓  in log ✓  checkpoint ✓  time token none  order ✓"
    assert done.stdout.count(line) == 3
    zipfile.ZipFile(empty / "case.zip").extractall(empty / "unpacked")
    assert run_judge("unpacked", "--log-key", key, folder=empty).returncode == 0
    assert run_judge("case.zip", folder=empty).returncode == 2
    assert sorted(path.name for path in empty.iterdir()) == ["case.zip", "unpacked", "verify.py"]


def test_the_bundles_own_copy_of_the_program_is_the_released_one(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        assert archive.read("verify.py") == JUDGE.read_bytes()
        assert archive.testzip() is None
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.read("sheet.pdf").startswith(b"%PDF-")


def test_every_export_is_a_custody_event_that_names_its_files(exported_case: ExportedCase, bundle: Path) -> None:
    second = exported_case.export()
    with exported_case.app.app_context():
        events = read(custody_of, ("case", exported_case.case_id))
    told = [json.loads(one.facts) for one in events if one.kind == "exported"]
    assert [one.actor_id for one in events if one.kind == "exported"] == [exported_case.city.reviewer.id] * 2
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
        sums = archive.read("SHA256SUMS")
    assert told[0]["files"] == len(names) - 2 == len(sums.splitlines())
    with zipfile.ZipFile(io.BytesIO(second)) as archive:
        kinds = [one["kind"] for one in json.loads(archive.read("case.json"))["events"]]
    assert kinds.count("exported") == 1


def test_only_who_judges_evidence_exports_it_and_only_in_the_own_agencies(
    exported_case: ExportedCase, city: world.World
) -> None:
    client, path = exported_case.app.test_client(), f"/api/v1/cases/{exported_case.case_id}/bundle"
    refused(client.get(path), 401, "sign-in-required")
    for person in (city.dispatcher, city.acceptance, city.admin):
        refused(client.get(path, headers=exported_case.office.headers_of(person)), 403, "forbidden")
    headers = exported_case.office.headers_of(city.reviewer)
    refused(client.get(f"/api/v1/cases/{uuid4()}/bundle", headers=headers), 404, "not-found")


@ON_SQLITE_ONLY
def test_the_case_page_exports_by_a_form(exported_case: ExportedCase, city: world.World) -> None:
    browser = console(exported_case.app, city.reviewer)
    path = f"/cases/{exported_case.case_id}"
    assert f'action="{path}/bundle"' in browser.text(path)
    answer = browser.post(f"{path}/bundle")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert zipfile.is_zipfile(io.BytesIO(answer.data))
    assert "/bundle" not in console(exported_case.app, city.dispatcher).text(path)
    assert exported_case.app.test_client().post(f"{path}/bundle").status_code in {302, 400, 401}


def test_a_lost_original_is_told_and_not_hidden(exported_case: ExportedCase, bundle: Path) -> None:
    shot = judged(bundle)["photos"][0]
    with exported_case.app.app_context():
        blobs().delete(original_key(shot["sha256"]))
    bundle.write_bytes(exported_case.export())
    found = judged(bundle, exported_case.log_key)
    assert states(found, "bytes") == ["not checked", "right", "right"]
    assert found["photos"][0]["checks"]["bytes"]["why"] == [
        "the photograph is not in the bundle: the photo store has lost it"
    ]
    assert found["status"] == 2


def test_a_changed_original_is_found(exported_case: ExportedCase, bundle: Path) -> None:
    shot = judged(bundle)["photos"][1]
    with exported_case.app.app_context():
        store, key = blobs(), original_key(shot["sha256"])
        with store.open(key) as stream:
            content = bytearray(stream.read())
        store.delete(key)
        content[100] ^= 1
        store.put(key, io.BytesIO(content))
    bundle.write_bytes(exported_case.export())
    found = judged(bundle, exported_case.log_key)
    assert (states(found, "bytes"), found["status"]) == (["right", "wrong", "right"], 1)


def test_a_store_that_is_gone_is_told_before_anything_leaves_or_is_recorded(
    exported_case: ExportedCase, settings: Settings
) -> None:
    settings.blob_dir.rename(settings.blob_dir.with_name("unmounted"))
    headers = exported_case.office.headers_of(exported_case.city.reviewer)
    answer = exported_case.app.test_client().get(f"/api/v1/cases/{exported_case.case_id}/bundle", headers=headers)
    refused(answer, 503, "store-unavailable")
    with exported_case.app.app_context():
        assert "exported" not in {one.kind for one in read(custody_of, ("case", exported_case.case_id))}


def test_the_sheet_shows_the_thumbnails_that_are_made(exported_case: ExportedCase, bundle: Path) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (32, 24), "green").save(picture, "WEBP")
    with exported_case.app.app_context():
        for shot in judged(bundle)["photos"][:2]:
            blobs().put(rendition_key(shot["sha256"], "thumbnail", RECIPE), io.BytesIO(picture.getvalue()))
        transact(lambda session: session.execute(update(Photo).values(derived_recipe=RECIPE)))
    with zipfile.ZipFile(io.BytesIO(exported_case.export())) as archive:
        assert b"/Subtype /Image" in archive.read("sheet.pdf")
    with zipfile.ZipFile(bundle) as archive:
        assert b"/Subtype /Image" not in archive.read("sheet.pdf")


def test_a_missing_font_is_told_before_anything_leaves(
    exported_case: ExportedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet, "FONT_FILE", Path("nowhere.ttf"))
    headers = exported_case.office.headers_of(exported_case.city.reviewer)
    answer = exported_case.app.test_client().get(f"/api/v1/cases/{exported_case.case_id}/bundle", headers=headers)
    assert "make build" in refused(answer, 503, "bundle-unavailable")["detail"]


def test_a_restore_begins_another_log_and_the_chain_holds(exported_case: ExportedCase, bundle: Path) -> None:
    for _ in range(2):
        command(exported_case.app, "new-epoch", "--reason", "a test")
        bundle.write_bytes(exported_case.export())
    found = judged(bundle, exported_case.log_key)
    assert found["status"] == 0, found
    with zipfile.ZipFile(bundle) as archive:
        logs = json.loads(archive.read("log.json"))["logs"]
    assert len({log["origin"] for log in logs}) == len(logs) == 3
    assert any("when a backup was restored" in note for note in found["notes"])


@ON_SQLITE_ONLY
def test_the_command_writes_the_same_bundle_by_number_or_id(exported_case: ExportedCase, tmp_path: Path) -> None:
    number = exported_case.office.case(exported_case.case_id)["case_no"]
    for name in (number, exported_case.case_id):
        target = tmp_path / "out.zip"
        command(exported_case.app, "custody", "bundle", name, "--to", str(target))
        assert judged(target, exported_case.log_key)["status"] == 0
    assert [path.name for path in tmp_path.glob("out*")] == ["out.zip"]
    told = command(exported_case.app, "custody", "bundle", "no such case", "--to", str(tmp_path / "x.zip"), status=1)
    assert "There is no case" in told


def test_the_commands_of_the_manual_check_a_photograph_by_hand(
    exported_case: ExportedCase, bundle: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "unpacked"
    zipfile.ZipFile(bundle).extractall(folder)
    shot = json.loads((folder / "case.json").read_bytes())["evidence"][0]
    chosen = {"INSTALL": shot["item"][0], "ITEM": shot["item"][1], "LOG_KEY": exported_case.log_key}
    by_hand = DOCS.read_text(encoding="utf-8").partition("## 5.")[2]
    said = ""
    for block in re.findall(r"```sh\n(.*?)```", by_hand, flags=re.DOTALL):
        done = subprocess.run(
            ["sh", "-e", "-c", block],  # noqa: S607 (whichever shell the machine has)
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", **chosen},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said += done.stdout
    assert "Verified OK" in said
    assert "Signature Verified Successfully" in said
    assert f'"sha256": "{shot["sha256"]}"' in said.replace('":"', '": "')
    assert f"{shot['file']}: OK" in said
