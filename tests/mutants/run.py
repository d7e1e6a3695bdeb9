"""`make mutants`: applies one mutant after the other to a copy of the tree; the named tests must fail on each.

First they must all pass on the unchanged copy. Names as arguments choose mutants. Exit status 1 if one survives.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from mutants.catalogue import MUTANTS, NOT_APPLICABLE
from mutants.mutant import Mutant, Rotten

ROOT = Path(__file__).parents[2]
# Large and never changed by a mutant: linked instead of copied.
_LINKED = (".venv", "frontend/node_modules")
_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", "node_modules", "__pycache__", ".*_cache")
# pytest's own: all passed; some failed.
_PASSED, _FAILED = 0, 1
_MOST_SECONDS = 600


class Spoiled(Exception):
    """The tests said nothing about the mutant: they could not be run, or fail without it."""


def main(chosen: Sequence[str]) -> int:
    """Try the mutants of these names, or all; return the exit status."""
    unknown = set(chosen) - {mutant.name for mutant in MUTANTS}
    if unknown:
        click.echo(f"There is no mutant {', '.join(sorted(unknown))}.")
        return 2
    mutants = [mutant for mutant in MUTANTS if not chosen or mutant.name in chosen]
    with copied_tree() as root:
        try:
            demand_health(root, mutants)
        except Spoiled as error:
            click.echo(error)
            return 1
        survivors = [mutant.name for mutant in mutants if not is_caught(root, mutant)]
    for name, why in NOT_APPLICABLE.items():
        click.echo(f"not yet   {name}: {why}")
    click.echo(f"{len(mutants) - len(survivors)} of {len(mutants)} mutants caught. {' '.join(survivors)}".rstrip())
    return 1 if survivors else 0


@contextmanager
def copied_tree() -> Iterator[Path]:
    """Return the folder of a copy of the repository, which is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="xuncha-mutants-") as folder:
        root = Path(folder) / "tree"
        shutil.copytree(ROOT, root, symlinks=True, ignore=_LEFT_OUT)
        for name in _LINKED:
            if (ROOT / name).exists():
                (root / name).symlink_to(ROOT / name)
        yield root


def demand_health(root: Path, mutants: Sequence[Mutant]) -> None:
    """Raise Spoiled unless all named tests pass on the unchanged copy."""
    tests = list(dict.fromkeys(test for mutant in mutants for test in mutant.caught_by))
    began = time.monotonic()
    status, words = tested(root, tests)
    if status != _PASSED:
        raise Spoiled(f"Without any mutant the named tests must pass:\n{words}")
    click.echo(f"unchanged {len(tests)} tests pass, {time.monotonic() - began:.0f} s")


def is_caught(root: Path, mutant: Mutant) -> bool:
    """Apply one mutant, run its tests, put the files back, and print one line."""
    before = {file: (root / file).read_text(encoding="utf-8") for file in mutant.files}
    began = time.monotonic()
    try:
        mutant.put_into(root)
        word, why = verdict(mutant.caught_by, *tested(root, mutant.caught_by))
    except Rotten as error:
        word, why = "rotten", str(error)
    finally:
        for file, text in before.items():
            (root / file).write_text(text, encoding="utf-8")
    click.echo(f"{word:<9} {mutant.name} ({time.monotonic() - began:.0f} s): {why}")
    return word == "caught"


def verdict(tests: Sequence[str], status: int, words: str) -> tuple[str, str]:
    """Tell what a run of the named tests says about the mutant: each of them must fail, not merely break."""
    failed = re.findall(r"^FAILED (.+)$", words, re.MULTILINE)
    passed = [test for test in tests if not any(line.startswith(test) for line in failed)]
    if status not in {_PASSED, _FAILED} or re.search(r"^ERROR ", words, re.MULTILINE):
        return "SPOILED", f"pytest ended with {status}:\n{words[-2000:]}"
    if passed:
        return "SURVIVED", f"not noticed by {', '.join(passed)}"
    return "caught", failed[0]


def tested(root: Path, tests: Sequence[str]) -> tuple[int, str]:
    """Run tests in the copy; return pytest's exit status and what it printed."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", *tests]
    # A byte code file of the text before would be taken for the mutant's where both are written within one second.
    quiet = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "220"}
    done = subprocess.run(
        command, cwd=root, env=quiet, capture_output=True, text=True, check=False, timeout=_MOST_SECONDS
    )
    return done.returncode, done.stdout + done.stderr


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="MUTANT", help="mutants to try  [default: all]")
    sys.exit(main(parser.parse_args().names))
