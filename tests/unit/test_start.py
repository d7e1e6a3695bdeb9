"""What a process loads before it answers: every start costs that much, and every test of a real server pays for it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# S3 where there is none, a PDF before anybody exports one, a workbook likewise.
ONLY_WHERE_NEEDED = ("boto3", "botocore", "fpdf", "fontTools", "xlsxwriter")


def test_the_smallest_deployment_loads_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from server import create_app
from server.config import Settings
here = Path(sys.argv[1])
create_app(Settings(f"sqlite:///{{here}}/x.sqlite3", here / "blobs", here / "spool", here / "queue.sqlite3", "secret"))
print(*[name for name in {ONLY_WHERE_NEEDED} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_collector_leaves_alone_what_loading_made(tmp_path: Path) -> None:
    program = "import gc, wsgi; print(gc.isenabled(), gc.get_freeze_count() > 100_000, len(gc.get_objects()) < 10_000)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.split() == ["True"] * 3
