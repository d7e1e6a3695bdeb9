"""Every mutant still fits: what it replaces stands there once, and the tests that must catch it exist."""

import ast
import shutil
from collections import Counter
from pathlib import Path

import pytest
from mutants.catalogue import MUTANTS, NOT_APPLICABLE
from mutants.mutant import Change, Mutant, Rotten
from mutants.run import ROOT, verdict

# Section 9 of the design. What stands beside these in the catalogue are further forms and newer protections.
DESIGNED = {
    *("naive_seq", "updated_at", "xmin_seq", "tx_number", "no_root_lock", "lock_joined_with_grants"),
    *("unsorted_scopes", "no_rendezvous", "check_then_insert", "ack_before_commit", "no_fsync", "append_no_fence"),
    *("head_complete_early", "head_as_cursor", "backup_by_time", "version_counter", "purge_without_seq"),
    *("gc_without_lock", "sync_normal"),
}


def test_every_mutant_of_the_design_is_declared_once() -> None:
    declared = Counter([mutant.name for mutant in MUTANTS] + list(NOT_APPLICABLE))
    assert {name for name, times in declared.items() if times > 1} == set()
    assert DESIGNED - set(declared) == set()


def test_every_mutant_stands_in_the_documents() -> None:
    page = (ROOT / "docs/verification.md").read_text(encoding="utf-8")
    lacking = [mutant.name for mutant in MUTANTS if f"| `{mutant.name}` | {mutant.removes} |" not in page]
    assert lacking == []
    assert [name for name in NOT_APPLICABLE if f"`{name}`" not in page] == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_fits_the_source(mutant: Mutant, tmp_path: Path) -> None:
    for file in mutant.files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / file, tmp_path / file)
    mutant.put_into(tmp_path)
    assert all((tmp_path / file).read_text() != (ROOT / file).read_text() for file in mutant.files)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_tests_that_must_catch_a_mutant_exist(mutant: Mutant) -> None:
    assert mutant.caught_by
    for test in mutant.caught_by:
        file, *names = test.partition("[")[0].split("::")
        assert names[-1] in functions_of(ROOT / file) | inherited_by(ROOT / file), test


def test_a_text_that_is_gone_or_stands_there_twice_is_rotten(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\nx = 1\ny = 2\n")
    assert Change("a.py", "y = 2", "y = 3").applied(tmp_path) == "x = 1\nx = 1\ny = 3\n"
    for old in ("x = 1", "z = 1"):
        with pytest.raises(Rotten):
            Change("a.py", old, "").applied(tmp_path)
    with pytest.raises(Rotten, match="no Python"):
        Mutant("m", "", (Change("a.py", "y = 2", "y ="),), ()).put_into(tmp_path)


def test_a_mutant_is_caught_when_each_of_its_tests_fails() -> None:
    both = ["tests/a.py::test_b", "tests/a.py::test_c[sqlite]"]
    assert verdict(both, 1, "FAILED tests/a.py::test_b - no\nFAILED tests/a.py::test_c[sqlite] - no\n")[0] == "caught"
    assert verdict(both, 1, "FAILED tests/a.py::test_b - no\n1 failed, 1 passed")[0] == "SURVIVED"
    assert verdict(both, 0, "2 passed")[0] == "SURVIVED"


@pytest.mark.parametrize(
    ("status", "words"),
    [(1, "ERROR tests/a.py::test_b - KeyError\n1 error"), (4, "ERROR: not found: tests/a.py::test_b")],
)
def test_a_test_that_breaks_or_does_not_exist_has_tried_nothing(status: int, words: str) -> None:
    assert verdict(["tests/a.py::test_b"], status, words)[0] == "SPOILED"


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def inherited_by(path: Path) -> set[str]:
    """Return the tests of the contracts that a module's classes inherit; photo_store ships them."""
    if "Contract)" not in path.read_text(encoding="utf-8"):
        return set()
    return set().union(*map(functions_of, (ROOT / "photo_store/contract").glob("*.py")))
