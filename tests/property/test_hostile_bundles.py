"""verify.py survives bundles that were made to harm it, and never calls one right."""

import ast
import io
import json
import stat
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.made_bundle import INSTALL, Files, made, packed, sums_of

from server.casework.bundle import verify

MAKER = made([b"one", b"two"])
FILES = MAKER.files()
DOCUMENTS = ["case.json", "log.json", "keys.json", f"items/{INSTALL}/{MAKER.texts[0].item_id}.json"]
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**30) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "case.zip"


def status(path: Path, content: bytes | Files, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run the command on a bundle; return its exit status and what it printed."""
    path.write_bytes(content if isinstance(content, bytes) else packed(content))
    done = verify.main([str(path), "--log-key", MAKER.verifier])
    return done, capsys.readouterr().out


@in_one_folder
@given(st.sampled_from(DOCUMENTS), st.randoms(use_true_random=False), anything)
def test_any_value_in_any_place_is_survived(
    path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    random: Random,
    value: object,
) -> None:
    document = json.loads(FILES[name])
    spot, member = random.choice([*places(document)])
    before, spot[member] = spot[member], value
    files = {**FILES, name: json.dumps(document).encode()}
    done, told = status(path, {**files, "SHA256SUMS": sums_of(files)}, capsys)
    assert "Error" not in told
    assert "KeyError" not in told
    if value != before:
        assert done in {1, 2} or name == "log.json", told


def places(value: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 (JSON)
    """Return every (container, key) of a document."""
    if isinstance(value, dict):
        return [(value, key) for key in value] + [place for each in value.values() for place in places(each)]
    if isinstance(value, list):
        return [(value, at) for at in range(len(value))] + [place for each in value for place in places(each)]
    return []


@in_one_folder
@given(st.data())
def test_a_bundle_cut_anywhere_is_wrong(path: Path, capsys: pytest.CaptureFixture[str], data: st.DataObject) -> None:
    whole = packed(FILES)
    assert status(path, whole[: data.draw(st.integers(0, len(whole) - 1))], capsys)[0] == 1


@pytest.mark.parametrize(
    "text",
    [
        b'{"format": "xuncha-bundle/1", "format": "xuncha-bundle/1"}',
        b"[" * 100_000,
        b'{"format": NaN}',
        b'{"format": ' + b"9" * 5000 + b"}",
        b"\xff",
        b"",
        b"[]",
        b'{"format": "xuncha-bundle/2"}',
    ],
)
def test_json_that_two_readers_read_differently_is_refused(
    path: Path, capsys: pytest.CaptureFixture[str], text: bytes
) -> None:
    done, told = status(path, {**FILES, "case.json": text}, capsys)
    assert (done, "cannot be judged" in told) == (1, True)


def test_a_zip_bomb_is_refused_at_once(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = io.BytesIO()
    nothing = bytes(60 * verify.MIB)
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
        for number in range(12):
            archive.writestr(f"bomb{number}.json", nothing)
    done, told = status(path, held.getvalue(), capsys)
    assert (done, "made to harm" in told) == (1, True)


def test_a_file_that_is_longer_than_it_says_is_refused(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = packed({"case.json": b"x" * 1000, **{name: FILES[name] for name in FILES if name != "case.json"}})
    central = content.index(b"PK\1\2")
    forged = bytearray(content)
    struct.pack_into("<I", forged, central + 24, 10)  # the size after unpacking, in the central directory
    assert status(path, bytes(forged), capsys)[0] == 1


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "C:\\x", "a\x1b[31m.json", "a//b", "."])
def test_names_that_climb_out_are_told_without_harm(path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    done, told = status(path, {**FILES, name: b"x"}, capsys)
    assert (done, "\x1b" in told) == (1, False)
    assert sorted(path.parent.iterdir()) == [path]


def test_links_and_locked_files_are_refused(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    done, told = status(path, held.getvalue(), capsys)
    assert (done, "link" in told) == (1, True)


def test_a_packed_original_is_refused(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    done, told = status(path, held.getvalue(), capsys)
    assert (done, "originals lie in a bundle as they are" in told) == (1, True)


def test_texts_of_strangers_reach_no_terminal_as_commands(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = json.loads(FILES["case.json"])
    case["made_by"]["name"] = "x\x1b]0;owned\x07\r\n      bytes \u2713"
    done, told = status(path, {**FILES, "case.json": json.dumps(case).encode()}, capsys)
    assert done == 1
    assert not {"\x1b", "\x07", "\r"} & set(told)


def test_a_wrong_log_key_is_no_log_key(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_bytes(packed(FILES))
    name, key_id, raw = MAKER.verifier.split("+", 2)
    for bad in ("", "x", f"{name}+{key_id}", f"{name}+00000000+{raw}", f"other+{key_id}+{raw}", f"{name}+{key_id}+!"):
        assert verify.main([str(path), "--log-key", bad]) == 1
        assert "log key" in capsys.readouterr().out


def test_it_is_one_file_for_python_3_8_and_the_standard_library() -> None:
    source = Path(verify.__file__).read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 8))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


def test_it_speaks_to_terminals_without_its_letters(path: Path) -> None:
    path.write_bytes(packed(FILES))
    command = [sys.executable, "-I", verify.__file__, str(path), "--log-key", MAKER.verifier]
    done = subprocess.run(
        [sys.executable, "-X", "utf8=0", *command[1:]],
        env={"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"device signature ok" in done.stdout or "device signature ✓".encode() in done.stdout
