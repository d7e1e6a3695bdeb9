"""The ledger of the verification: one JSON line for every portion that was run, kept in the repository for ever.

``{commit, date, row, database, from, count, failures, seconds}``: trials ``from`` to ``from + count - 1`` of a row ran
on that commit (a ``+`` behind it: on a tree with changes on top of it) with those failures, as sentences. Failed
portions stay: what is claimed is what has run since the last failure of a row, see `sound`.
"""

import json
import os
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from verification.rows.result import Result
from verification.table import Row

ROOT = Path(__file__).parents[2]
LEDGER = Path(__file__).with_name("ledger.jsonl")


@dataclass(frozen=True)
class Standing:
    """Where a row stands. ``sound`` counts trials since its last failure; ``following`` is the next trial's number."""

    done: int = 0
    failed: int = 0
    sound: int = 0
    following: int = 0


def append(result: Result, on_commit: str, ledger: Path = LEDGER) -> None:
    """Write one portion; a line is one write, so two processes do not mix."""
    line = {
        "commit": on_commit,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "row": result.row,
        "database": result.database,
        "from": result.start,
        "count": result.count,
        "failures": list(result.failures),
        "seconds": round(result.seconds, 1),
    }
    with ledger.open("ab", buffering=0) as file:
        file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        os.fsync(file.fileno())


def standings(ledger: Path = LEDGER) -> Mapping[tuple[str, str], Standing]:
    """Read the ledger; a row without any line is not in it."""
    found: dict[tuple[str, str], Standing] = defaultdict(Standing)
    lines = ledger.read_text(encoding="utf-8").splitlines() if ledger.exists() else ()
    for entry in map(json.loads, lines):
        key, failures, count = (entry["row"], entry["database"]), len(entry["failures"]), int(entry["count"])
        before = found[key]
        found[key] = Standing(
            done=before.done + count,
            failed=before.failed + failures,
            sound=0 if failures else before.sound + count,
            following=max(before.following, int(entry["from"]) + count),
        )
    return found


def most_owing(rows: Iterable[Row], known: Mapping[tuple[str, str], Standing], taken: Mapping[Row, int]) -> Row:
    """Return the row with the lowest share of its gate; ``taken`` counts trials that are being run at the moment."""

    def share(row: Row) -> float:
        return (known.get(row.key, Standing()).done + taken.get(row, 0)) / row.gate

    return min(rows, key=share)


def commit() -> str:
    """Return the short name of the commit that is tried, with a ``+`` when the tree holds changes on top of it."""
    name = _git("rev-parse", "--short=12", "HEAD")
    changed = [line for line in _git("status", "--porcelain").splitlines() if LEDGER.name not in line]
    return name + ("+" if changed else "")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True)  # noqa: S607 (the user's own git)
    return done.stdout.strip()
