"""Photographs for measuring, out of packages of others: fetched into a temporary folder, never kept or committed."""

import io
import itertools
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from photo_store.drawn import Scene, draw

WHEELS = ("ultralytics", "scikit-image", "scikit-learn")
DEBS = ("mate-backgrounds", "lomiri-wallpapers-20.04")
# The same picture in other sizes, and paintings, are no photographs of their own.
SKIPPED = ("_3840x2160", "_5640x3172", "retina", "GreenTraditional")
SIDE = 1600


def photographs(folder: Path) -> list[tuple[str, Image.Image]]:
    """Return the photographs by name, no side over 1600 px."""
    return sorted((name, _opened(content)) for name, content in fetched(folder).items())


def fetched(folder: Path) -> dict[str, bytes]:
    """Fetch what the registries give (pip; apt where there is one) and return the JPEG files by name."""
    for name in WHEELS:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*pip, "--dest", str(folder), name], check=False, stderr=subprocess.DEVNULL)
    for name in DEBS:
        fetched = _run(["apt-get", "download", "-q", name], folder)
        for package in folder.glob(f"{name}_*.deb") if fetched else ():
            _run(["dpkg-deb", "-x", str(package), str(folder / name)], folder)
    found = dict(itertools.chain(_zipped(folder), _unpacked(folder)))
    return {name: content for name, content in found.items() if not any(s in name for s in SKIPPED)}


def _run(command: list[str], folder: Path) -> bool:
    try:
        return subprocess.run(command, cwd=folder, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def _zipped(folder: Path) -> Iterator[tuple[str, bytes]]:
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as members:
            for name in members.namelist():
                if name.endswith(".jpg"):
                    yield Path(name).name, members.read(name)


def _unpacked(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in folder.rglob("*.jpg"):
        yield file.name, file.read_bytes()


def _opened(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.draft("RGB", (SIDE, SIDE))
    picture = picture.convert("RGB")
    picture.thumbnail((SIDE, SIDE))
    return picture


def streets(count: int) -> list[tuple[str, Image.Image]]:
    """Draw ``count`` street scenes, of each kind as many."""
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    kinds = itertools.cycle(Scene)
    made = [(next(kinds), seed) for seed in range(count)]
    return [
        (f"{scene}-{seed}", _opened(draw(scene, seed, taken_at=moment, lon=123.5, lat=30.5, size=(640, 480))))
        for scene, seed in made
    ]


def tiles(pictures: list[tuple[str, Image.Image]], across: int = 4, down: int = 3) -> list[tuple[str, Image.Image]]:
    """Cut every picture into pieces that share no pixel: as many pictures that have nothing to do with each other."""
    pieces = []
    for name, picture in pictures:
        width, height = picture.width // across, picture.height // down
        for column, row in itertools.product(range(across), range(down)):
            left, top = column * width, row * height
            pieces.append((f"{name}:{column}.{row}", picture.crop((left, top, left + width, top + height))))
    return pieces
