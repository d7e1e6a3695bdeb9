"""What a photograph costs: deriving against the naive way, throughput, memory, the acknowledged upload, bombs."""

import argparse
import hashlib
import io
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "bench")]

import httpx
import shots
from load import cpu_of, cpu_of_tree
from PIL import Image
from product import product

from photo_store.blobs import original_key
from photo_store.derive import derive
from photo_store.disk import DiskBlobs
from photo_store.drawn import Scene
from photo_store.inspect_image import JPEG, ImageLimits, NotAnImage, PhotoTooLarge, inspect
from photo_store.sandbox import ChildLost, Parcel, Sandbox
from server.evidence.deriving import threads_for_all_cores

ROUNDS = 5
UPLOADS, WARMING = 60, 10
# So many that the end, at which a core has nothing left to do, does not count.
AT_LEAST = 96
FACTS = {"media_type": JPEG, "orientation": 6}


def main() -> None:
    """Measure everything and print it as the rows of bench/README.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=12, help="of each size, drawn and real")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xuncha-bench-") as name:
        folder = Path(name)
        for kind, series in (("real", shots.real(folder, asked.photos)), ("drawn", shots.drawn(asked.photos))):
            for size, photos in series.items():
                if photos:
                    derive_rows(f"{kind}, {size}", photos, folder)
            mixed_row(*series.values(), folder)
        upload_rows(folder)
    bomb_rows()


def row(what: str, value: str) -> None:
    """Print a row of a Markdown table."""
    print(f"| {what} | {value} |", flush=True)


def derive_rows(name: str, photos: list[bytes], folder: Path) -> None:
    """Measure CPU beside the naive way, memory, sizes, and photographs a second on two cores."""
    others, sandbox = children(), Sandbox("photo_store.decode_tasks")
    warm = Parcel("", FACTS, {"original": shots.shot(Scene.ROAD_DAMAGE, 1, (160, 120))})
    sandbox.run("renditions", warm)
    (child,) = children() - others
    rest = memory_kb(child, "VmRSS")
    ours, naive, made = [], [], []
    for photo in photos:
        took: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            before = cpu_of(os.getpid()) + cpu_of(child)
            answer = sandbox.run("renditions", Parcel("", FACTS, {"original": photo}))
            between = cpu_of(os.getpid()) + cpu_of(child)
            shots.naively(photo)
            took[0].append(between - before)
            took[1].append(cpu_of(os.getpid()) + cpu_of(child) - between)
        # The least of several: what neighbours on the machine add is not ours.
        ours.append(min(took[0]))
        naive.append(min(took[1]))
        made.append(answer.files)
    peak = memory_kb(child, "VmHWM") - rest
    sandbox.close()
    weight = statistics.mean(map(len, photos)) / 1e6
    row(f"{name}: {len(photos)} photographs of {weight:.1f} MB, CPU ms each", f"{statistics.mean(ours) * 1e3:.0f}")
    row(f"{name}: the naive way / ours", f"{sum(naive) / sum(ours):.1f}")
    row(f"{name}: peak memory over the idle child, MB", f"{peak / 1024:.1f}")
    for rendition in ("thumbnail", "preview"):
        mean = statistics.mean(len(files[rendition]) for files in made)
        row(f"{name}: {rendition}, mean KB", f"{mean / 1000:.1f}")
    row(f"{name}: photographs a second on {os.cpu_count()} cores, disk store", f"{throughput(photos, folder):.1f}")


def mixed_row(usual: list[bytes], large: list[bytes], folder: Path) -> None:
    """Measure photographs a second over what the design takes for a year's mix: one large in ten."""
    mix = [*itertools.islice(itertools.cycle(usual), 9 * len(large)), *large]
    row("nine of 2 MP to one of 12 MP: photographs a second, disk store", f"{throughput(mix, folder):.1f}")


def throughput(photos: list[bytes], folder: Path) -> float:
    """Derive into a disk store as `photos derive` does."""
    store = DiskBlobs(folder / hashlib.sha256(photos[0]).hexdigest()[:8])
    hashes = []
    enough = max(len(photos), AT_LEAST)
    for nth, photo in enumerate(itertools.islice(itertools.cycle(photos), enough)):
        content = photo + nth.to_bytes(2)
        hashes.append(hashlib.sha256(content).hexdigest())
        store.put(original_key(hashes[-1]), io.BytesIO(content))
    threads = threads_for_all_cores()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda sha256: derive(store, sha256), hashes[:threads]))
        begun = time.perf_counter()
        list(pool.map(lambda sha256: derive(store, sha256), hashes[threads:]))
        return (len(hashes) - threads) / (time.perf_counter() - begun)


def children() -> set[int]:
    """Return the processes that this one has started."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        # A thread of a pool that was just shut down ends between being listed and being read.
        with suppress(FileNotFoundError):
            found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found


def memory_kb(pid: int, what: str) -> int:
    """Return a figure of /proc/PID/status."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what))


def upload_rows(folder: Path) -> None:
    """Measure the acknowledged upload of 2.3 MB in one request against writing and syncing the same bytes."""
    photo = shots.shot(Scene.EXPOSED_RUBBISH, 3, (4000, 3000))
    photo += bytes(max(0, 2_300_000 - len(photo)))
    contents = [photo + nth.to_bytes(2, "big") for nth in range(UPLOADS + WARMING)]
    log, database = folder / "access.log", f"sqlite:///{folder}/product.sqlite3"
    with product(folder / "product", database, access_log=log) as running, running.client() as client:
        for content in contents[:WARMING]:
            uploaded(client, content)
        cpu = cpu_of_tree(running.pid)
        # In turn, so that a neighbour who keeps the disk busy hurts both.
        each = [
            (uploaded(client, content), written(folder / f"raw-{nth}", content))
            for nth, content in enumerate(contents[WARMING:])
        ]
        cpu = (cpu_of_tree(running.pid) - cpu) / UPLOADS
    took, synced = zip(*each, strict=True)
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    inside = [line["ms"] for line in lines if line.get("path") == "/api/v1/uploads"][WARMING:]
    row("upload: server time, ms (median / fastest)", f"{statistics.median(inside):.1f} / {min(inside):.1f}")
    row(f"upload of {len(photo) / 1e6:.1f} MB, request to answer, ms (median)", f"{statistics.median(took) * 1000:.1f}")
    row("upload: the fastest, ms", f"{min(took) * 1000:.1f}")
    row("upload: CPU ms of the server", f"{cpu * 1000:.1f}")
    beyond = statistics.median(inside) - statistics.median(synced) * 1e3, min(inside) - min(synced) * 1e3
    row("upload: server time beyond the next row, ms (median / fastest)", f"{beyond[0]:.1f} / {beyond[1]:.1f}")
    row(
        "write + fsync of the same bytes, ms (median / fastest)",
        f"{statistics.median(synced) * 1e3:.1f} / {min(synced) * 1e3:.1f}",
    )


def uploaded(client: httpx.Client, content: bytes) -> float:
    """Upload with one request on a connection that stands; return its seconds."""
    sha256 = hashlib.sha256(content).hexdigest()
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(len(content)),
        "Upload-Metadata": f"sha256 {b64encode(sha256.encode()).decode()}",
        "Content-Type": "application/offset+octet-stream",
    }
    begun = time.perf_counter()
    answer = client.post("/api/v1/uploads", content=content, headers=headers)
    took = time.perf_counter() - begun
    if answer.status_code != 201 or answer.headers["Upload-Offset"] != str(len(content)):
        message = f"the upload was not taken: {answer.status_code} {answer.text}"
        raise RuntimeError(message)
    return took


def written(path: Path, content: bytes) -> float:
    """Write and sync; return the seconds."""
    begun = time.perf_counter()
    with path.open("wb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
    return time.perf_counter() - begun


def bomb_rows() -> None:
    """Measure how long refusing takes, and that a child which decodes one anyway ends at its deadline."""
    target = io.BytesIO()
    Image.linear_gradient("L").resize((7000, 7000)).convert("RGB").save(target, "JPEG", progressive=True, quality=30)
    small = target.getvalue()
    scan = small[small.rindex(b"\xff\xda") : -2]
    scans = small[:-2] + scan * ((735_000 - len(small)) // len(scan) if len(small) < 735_000 else 300) + small[-2:]
    frame = small.index(b"\xff\xc2") + 5
    claim = small[:frame] + b"\xff\xff\xff\xff" + small[frame + 4 :]
    for name, bomb in (("scans", scans), ("pixels", claim)):
        row(f"bomb of {name}, {len(bomb) / 1000:.0f} KB: refused in ms", f"{best_of(bomb):.2f}")
    sandbox = Sandbox("photo_store.decode_tasks")
    sandbox.run("renditions", Parcel("", FACTS, {"original": shots.shot(Scene.ROAD_DAMAGE, 1, (160, 120))}))
    begun = time.perf_counter()
    try:
        sandbox.run("renditions", Parcel("", FACTS, {"original": scans}))
        end = "was decoded"
    except ChildLost:
        end = "was ended"
    row("the bomb of scans, decoded all the same: seconds", f"{end} after {time.perf_counter() - begun:.1f}")
    sandbox.close()


def best_of(bomb: bytes) -> float:
    """Return the milliseconds of the fastest of five refusals."""
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        try:
            inspect(io.BytesIO(bomb), ImageLimits())
        except (NotAnImage, PhotoTooLarge):
            took.append(time.perf_counter() - begun)
        else:
            message = "the bomb was not refused"
            raise RuntimeError(message)
    return min(took) * 1000


if __name__ == "__main__":
    main()
