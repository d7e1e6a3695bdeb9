"""Look-alikes: how well edits of a picture are found, how often others are mistaken, how fast among a million."""

import argparse
import io
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "bench")]

import numpy as np
import numpy.typing as npt
from field_sync import database, durable_postgresql
from flask import Flask
from load import cpu_of_tree
from pictures import photographs, streets, tiles
from PIL import Image, ImageDraw, ImageEnhance
from sqlalchemy import text
from sqlalchemy.orm import Session

from photo_store.likeness import SAME, Likeness, distance, distances, likeness_of
from server import create_app
from server.config import Settings
from server.db import db, read, transact
from server.evidence.likenesses import remember, same_pictures
from server.progress import Told, shown

SEARCHES, SCANS = 200, 3
Chunks = npt.NDArray[np.uint16]


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["pictures", "sqlite", "postgresql"])
    parser.add_argument("--photos", type=int, default=1_000_000, help="how many likenesses the databases hold")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xuncha-bench-") as name:
        folder = Path(name)
        if asked.only in {None, "pictures"}:
            pictures(folder)
        with shown() as told:
            if asked.only in {None, "sqlite"}:
                search(f"sqlite:///{folder / 'likeness.sqlite3'}", folder, asked.photos, told)
            if asked.only in {None, "postgresql"}:
                with durable_postgresql() as uri:
                    search(database(uri, "likeness")[1], folder, asked.photos, told)


def pictures(folder: Path) -> None:
    """Print the recall of every edit, and how many unrelated pictures are taken for the same."""
    real, drawn = photographs(folder), streets(60)
    for kind, shots in (("photographs", real), ("drawn streets", drawn)):
        looks = [likeness_of(shot) for _name, shot in shots]
        kept = [index for index, look in enumerate(looks) if not look.flat]
        print(f"\n{len(shots)} {kind}, {len(shots) - len(kept)} of them flat")
        for edit, change in EDITS.items():
            away = [distance(looks[index].bits, likeness_of(change(shots[index][1])).bits) for index in kept]
            share = sum(bits <= SAME for bits in away) / len(away)
            print(f"  {edit:<16} found {share:7.1%}   median {statistics.median(away):3.0f}   worst {max(away):3d}")
    unrelated("photographs and pieces of them", [*tiles(real), *real])
    unrelated("drawn streets", drawn)


def unrelated(kind: str, shots: list[tuple[str, Image.Image]]) -> None:
    """Print how near different pictures come to each other; a piece and its own photograph are not counted."""
    looks = {name: likeness_of(shot) for name, shot in shots}
    kept = [(name, look.bits) for name, look in looks.items() if not look.flat]
    pairs = mistaken = hints = 0
    nearest = 256
    for index, (name, bits) in enumerate(kept[1:], 1):
        for (other, _), away in zip(kept[:index], distances(bits, [one for _, one in kept[:index]]), strict=True):
            if (":" in name) != (":" in other) and name.split(":")[0] == other.split(":")[0]:
                continue
            pairs, mistaken, hints = pairs + 1, mistaken + (away <= SAME), hints + (SAME < away <= 50)
            nearest = min(nearest, away)
    print(f"\n{kind}: {len(looks)}, {len(looks) - len(kept)} of them flat")
    print(f"  {pairs} unrelated pairs, {mistaken} taken for the same, {hints} for the same place, nearest {nearest}")


def encoded(picture: Image.Image, quality: int) -> Image.Image:
    """Encode as JPEG and decode again."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def scaled(picture: Image.Image, side: int) -> Image.Image:
    """Make the longer side ``side`` pixels."""
    small = picture.copy()
    small.thumbnail((side, side))
    return encoded(small, 80)


def stamped(picture: Image.Image, share: int) -> Image.Image:
    """Write time and place into the lower corner, as watermark cameras do; a line's height is 1/``share``."""
    marked = picture.copy()
    size = max(12, picture.height // share)
    pen = ImageDraw.Draw(marked)
    pen.text((size, picture.height - 3 * size), "2026-11-22 08:31:02\n123.5012 30.4987", "white", font_size=size)
    return encoded(marked, 85)


def cropped(picture: Image.Image, share: float) -> Image.Image:
    """Cut off ``share`` of width and height, half of it on either side."""
    across, down = picture.width * share / 2, picture.height * share / 2
    return picture.crop((round(across), round(down), round(picture.width - across), round(picture.height - down)))


EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "q20": lambda picture: encoded(picture, 20),
    "half size": lambda picture: scaled(picture, max(picture.size) // 2),
    "320 px": lambda picture: scaled(picture, 320),
    "brightness +20 %": lambda picture: encoded(ImageEnhance.Brightness(picture).enhance(1.2), 85),
    "contrast +20 %": lambda picture: encoded(ImageEnhance.Contrast(picture).enhance(1.2), 85),
    "stamp": lambda picture: stamped(picture, 40),
    "1 % crop": lambda picture: encoded(cropped(picture, 0.01), 85),
    # Not promised; measured so that what is said of them stays true.
    "large stamp": lambda picture: stamped(picture, 24),
    "5 % crop": lambda picture: cropped(picture, 0.05),
    "2° rotation": lambda picture: picture.rotate(2, Image.Resampling.BICUBIC),
    "mirror": lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
}


def search(url: str, folder: Path, photos: int, told: Told) -> None:
    """Fill a database with likenesses of pure chance and print what a search and a scan of everything take."""
    app = prepared(url, folder)
    random = np.random.default_rng(4)
    chunks: Chunks = random.integers(0, 65536, (photos, 16), dtype=np.uint16)
    bits = [row.tobytes() for row in chunks.astype(">u2")]
    with app.app_context():
        dialect = db.engine.dialect.name
        {"sqlite": fill_sqlite, "postgresql": fill_postgresql}[dialect](chunks, bits, told)
        asked = [(place, turned(random, bits[place])) for place in random.integers(0, photos, SEARCHES)]
        taken, brute = [], []
        roots = [os.getpid(), *read(backend, dialect)]
        before = sum(map(cpu_of_tree, roots))
        for place, look in asked:
            begun = time.perf_counter()
            found = read(same_pictures, look)
            taken.append(time.perf_counter() - begun)
            check(found == {f"{place + 1:064x}": SAME}, "a picture within 31 bits was missed")
        searched = sum(map(cpu_of_tree, roots))
        for place, look in asked[:SCANS]:
            begun = time.perf_counter()
            check(place in read(scan, look), "the scan missed a picture")
            brute.append(time.perf_counter() - begun)
        scanned = sum(map(cpu_of_tree, roots))
        kept = [timed(remember, f"{photos + n + 1:064x}", Likeness(random.bytes(32), flat=False)) for n in range(50)]
        size = read(sizes, dialect)
    middle = statistics.median(taken)
    print(f"\n{photos:,} likenesses on {dialect}, {size / 2**20:,.0f} MiB of slots")
    print(f"  search: median {middle * 1e3:.1f} ms, fastest {min(taken) * 1e3:.1f} ms (load {os.getloadavg()[0]:.1f})")
    each, whole = (searched - before) / SEARCHES, (scanned - searched) / SCANS
    print(f"  scan of everything: {statistics.median(brute) * 1e3:,.0f} ms, {statistics.median(brute) / middle:.0f} x")
    print(f"  CPU of both sides: search {each * 1e3:.1f} ms, scan {whole * 1e3:,.0f} ms, {whole / each:.0f} x")
    print(f"  remembering one, committed: median {statistics.median(kept) * 1e3:.1f} ms")


def check(holds: bool, otherwise: str) -> None:  # noqa: FBT001 (a condition)
    """Stop where a measured operation did not do its work: its time would mean nothing."""
    if not holds:
        raise SystemExit(otherwise)


def prepared(url: str, folder: Path) -> Flask:
    """Return an application on a migrated database without rows."""
    app = create_app(
        Settings(
            database_url=url,
            blob_dir=folder / "blobs",
            spool_dir=folder / "spool",
            custody_key_file=folder / "custody.key",
            checkpoint_dir=folder / "checkpoints",
            queue_file=folder / "queue.sqlite3",
            secret_key="only for a benchmark",  # noqa: S106 (public on purpose)
            log_level="WARNING",
        )
    )
    with app.app_context():
        prepared_by = app.test_cli_runner(catch_exceptions=False).invoke(args=["prepare"])
    check(prepared_by.exit_code == 0, prepared_by.output)
    return app


def filed(chunks: Chunks, bits: list[bytes], told: Told) -> Iterator[Iterator[tuple[int, int, bytes]]]:
    """Give the rows of the slots in the order of their key, chunk by chunk."""
    for number in range(16):
        told("filing likenesses", number, 16)
        slots = chunks[:, number].astype(np.int64) + number * 65536
        order = np.argsort(slots, kind="stable").tolist()
        yield ((slot, place + 1, bits[place]) for slot, place in zip(slots[order].tolist(), order, strict=True))
    told("filing likenesses", 16, 16)


def fill_sqlite(chunks: Chunks, bits: list[bytes], told: Told) -> None:
    """Fill by the bare driver; durability is not what is measured here."""
    connection = sqlite3.connect(str(db.engine.url.database), isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO likeness (id, sha256, bits, flat) VALUES (?, ?, ?, 0)",
        ((place + 1, f"{place + 1:064x}", look) for place, look in enumerate(bits)),
    )
    for rows in filed(chunks, bits, told):
        connection.executemany("INSERT INTO likeness_slot (slot, likeness_id, bits) VALUES (?, ?, ?)", rows)
    connection.execute("COMMIT")
    connection.close()


def fill_postgresql(chunks: Chunks, bits: list[bytes], told: Told) -> None:
    """Fill by COPY, then let PostgreSQL look at its tables as autovacuum does by itself."""
    import psycopg

    address = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection, connection.cursor() as cursor:
        with cursor.copy("COPY likeness (id, sha256, bits, flat) FROM STDIN") as copy:
            for place, look in enumerate(bits):
                copy.write_row((place + 1, f"{place + 1:064x}", look, False))
        for rows in filed(chunks, bits, told):
            with cursor.copy("COPY likeness_slot (slot, likeness_id, bits) FROM STDIN (FORMAT binary)") as copy:
                copy.set_types(["int4", "int4", "bytea"])
                for row in rows:
                    copy.write_row(row)
        cursor.execute("SELECT setval(pg_get_serial_sequence('likeness', 'id'), (SELECT max(id) FROM likeness))")
        cursor.execute("VACUUM (ANALYZE) likeness, likeness_slot")


def turned(random: np.random.Generator, bits: bytes) -> bytes:
    """Turn 31 bits, as evenly spread over the chunks as can be: the search meets it in one place only."""
    number = int.from_bytes(bits)
    spared = int(random.integers(16))
    for chunk in range(16):
        for bit in random.choice(16, 1 if chunk == spared else 2, replace=False):
            number ^= 1 << int(chunk * 16 + bit)
    return number.to_bytes(32)


def scan(session: Session, look: bytes) -> set[int]:
    """Look at everything: the naive way, with the same arithmetic."""
    rows = session.execute(text("SELECT id, bits FROM likeness")).all()
    away = distances(look, [bytes(row.bits) for row in rows])
    return {row.id - 1 for row, bits in zip(rows, away, strict=True) if bits <= SAME}


def backend(session: Session, dialect: str) -> list[int]:
    """Return the process that works for us, if it is not ourselves."""
    return [] if dialect == "sqlite" else [int(session.scalar(text("SELECT pg_backend_pid()")) or 0)]


def sizes(session: Session, dialect: str) -> int:
    """Return how many bytes the slots take, with their key."""
    if dialect == "postgresql":
        return int(session.scalar(text("SELECT pg_total_relation_size('likeness_slot')")) or 0)
    return int(session.scalar(text("SELECT sum(pgsize) FROM dbstat WHERE name = 'likeness_slot'")) or 0)


def timed(operation: Callable[..., None], *arguments: object) -> float:
    """Return the seconds of one committed operation."""
    begun = time.perf_counter()
    transact(operation, *arguments)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
