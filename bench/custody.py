"""How long verify.py takes for a case of 100 photographs, 250 MB, beside `sha256sum` of the same bytes.

    python bench/custody.py

The floor is reading and hashing; the ratio is what everything else costs: signatures, proofs, ZIP, Python's start.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.made_bundle import made

PHOTOS, SIZE, ROUNDS = 100, 2_500_000, 5
VERIFY = ROOT / "server/casework/bundle/verify.py"


def main() -> None:
    """Measure both in turn and print the medians."""
    random = Random(1)  # noqa: S311 (bytes that look like photographs, no secret)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        maker = made([random.randbytes(SIZE) for _ in range(PHOTOS)], other_events=1000)
        files = maker.files()
        with zipfile.ZipFile(place / "case.zip", "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        originals = [name for name in files if name.startswith("originals/")]
        zipfile.ZipFile(place / "case.zip").extractall(place, originals)
        judge = [sys.executable, "-I", str(VERIFY), "case.zip", "--log-key", maker.verifier]
        hashing = ["sha256sum", *originals]
        both = [(timed(judge, place), timed(hashing, place)) for _ in range(ROUNDS)]
    print(f"{PHOTOS} photographs, {PHOTOS * SIZE / 1e6:.0f} MB, medians of {ROUNDS} rounds in turn (target 2 s)")
    for what, place_of in (("wall", 0), ("CPU", 1)):
        ours, floor = (statistics.median(each[place_of] for each in column) for column in zip(*both, strict=True))
        print(f"{what}: verify.py {ours:.2f} s, sha256sum {floor:.2f} s, ratio {ours / floor:.2f}")


def timed(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """Return the wall and CPU seconds that a command takes, which must succeed."""
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begun, cpu


if __name__ == "__main__":
    main()
