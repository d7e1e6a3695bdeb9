"""Runs one portion of one row in this process and writes what it found: ``portion ROW DATABASE START COUNT FILE``."""

import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path


def main() -> None:
    """Run from the command line."""
    row, database, start, count, file = sys.argv[1:]
    result = importlib.import_module(f"verification.rows.{row}").run(int(count), int(start), database)
    draft = Path(f"{file}.part")
    draft.write_text(json.dumps(asdict(result), ensure_ascii=False), encoding="utf-8")
    draft.replace(file)


if __name__ == "__main__":
    main()
