"""Rules of the house that no linter knows, checked on our own source text. Each failure names the offenders."""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from server.config import PREFIX, Settings
from server.problems import CATALOGUE

ROOT = Path(__file__).parents[2]
PACKAGES = ("server", "sync", "photo_store")
MOST_LINES = 300
# Names that say nothing about what a module holds.
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "data", "info", "misc"}


def modules() -> list[Path]:
    found = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    assert len(found) > 50
    return found


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def calls_of(name: str, path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and name == getattr(node.func, "attr", getattr(node.func, "id", None)):
            yield f"{name_of(path)}:{node.lineno}"


def test_the_server_commits_at_exactly_one_place() -> None:
    commits = [call for path in sorted((ROOT / "server").rglob("*.py")) for call in calls_of("commit", path)]
    assert [call.partition(":")[0] for call in commits] == ["server/db.py"], commits


def test_wsgi_imports_only_the_server() -> None:
    imported: set[str | None] = set()
    for node in ast.walk(tree_of(ROOT / "wsgi.py")):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            imported.add(node.module)
    assert imported == {"server"}


def test_no_module_is_longer_than_300_lines() -> None:
    # A migration is one story, written once and never changed: cutting it up would help nobody. The judge of a bundle
    # travels as a single file (design/evidence.md §6).
    whole = ROOT / "server/casework/bundle/verify.py"
    grown = [path for path in modules() if "migrations" not in path.parts and path != whole]
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in grown}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_every_module_says_what_it_is() -> None:
    assert [name_of(path) for path in modules() if not ast.get_docstring(tree_of(path))] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    parts = {name_of(path): {*path.relative_to(ROOT).parts[:-1], path.stem} for path in modules()}
    assert [name for name, words in parts.items() if words & EMPTY_NAMES] == []


def test_every_text_for_people_is_translated_into_chinese() -> None:
    with (ROOT / "server/translations/zh_Hans_CN/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = read_po(file, locale="zh_Hans_CN")
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["babel"]["mappings"]
    extracted = extract_from_dir(
        ROOT / "server",
        method_map=[(mapping["pattern"], mapping["method"]) for mapping in mappings],
        keywords={**DEFAULT_KEYWORDS, "lazy_": None},
    )
    used = {
        (message if isinstance(message, str) else message[0]): f"{file}:{line}"
        for file, line, message, _comments, _context in extracted
    }
    assert len(used) > 50
    missing = []
    for text, place in used.items():
        known = catalogue.get(text)
        if known is None or known.fuzzy or not known.string or not all(known.string):
            missing.append(f"server/{place}: {text!r}")
    assert missing == []


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    names = [PREFIX + field.name.upper() for field in fields(Settings)]
    assert [name for name in names if not re.search(rf"\b{name}\b", page)] == []


def test_every_problem_has_a_section() -> None:
    page = (ROOT / "docs/problems.md").read_text(encoding="utf-8")
    sections = {line.strip("#` ") for line in page.splitlines() if line.startswith("#")}
    assert sorted(set(CATALOGUE) - sections) == []
