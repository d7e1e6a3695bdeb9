"""Redacted renditions: what is hidden is gone from the file, at both sizes, and the original stays."""

import hashlib
import io
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from support.heic import heic

from photo_store.blobs import BlobMissing, original_key, rendition_key
from photo_store.decoder import NotDerivable
from photo_store.derive import RECIPE
from photo_store.drawn import draw
from photo_store.memory import MemoryBlobs
from photo_store.redact import full_name, redact

NAME = "redacted-0a1b"
SECRET = ((0.25, 0.25, 0.25, 0.25),)


def street(width: int = 1920, height: int = 1440, orientation: int = 1) -> bytes:
    moment = datetime(2026, 11, 22, 8)  # noqa: DTZ001  # a camera's own time
    return draw("road_damage", 5, taken_at=moment, lon=123.5, lat=30.5, size=(width, height), orientation=orientation)


def keep(blobs: MemoryBlobs, content: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    blobs.put(original_key(sha256), io.BytesIO(content))
    return sha256


def made(blobs: MemoryBlobs, sha256: str, name: str = NAME) -> bytes:
    return blobs.open(rendition_key(sha256, name, RECIPE)).read()


def pixels(content: bytes) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def test_the_regions_are_black_at_both_sizes_and_the_rest_is_the_picture() -> None:
    blobs = MemoryBlobs()
    sha256 = keep(blobs, street())
    sizes = redact(blobs, sha256, SECRET, NAME)
    full, preview = made(blobs, sha256, full_name(NAME)), made(blobs, sha256)
    assert sizes == {NAME: len(preview), full_name(NAME): len(full)}
    assert (pixels(full).shape, pixels(preview).shape) == ((1440, 1920, 3), (1200, 1600, 3))
    assert pixels(full)[370:710, 490:950].max() < 12
    assert pixels(preview)[308:592, 408:792].max() < 12
    before = pixels(street()).astype(int)
    assert np.abs(pixels(full)[800:, 1000:] - before[800:, 1000:]).mean() < 12
    assert blobs.open(original_key(sha256)).read() == street()


def test_nothing_of_what_is_hidden_has_any_influence_on_the_files() -> None:
    """Two pictures that differ in the hidden part alone give the same bytes: so the bytes cannot tell it."""
    one = Image.open(io.BytesIO(street(800, 600))).convert("RGB")
    other = one.copy()
    other.paste(one.crop((0, 0, 160, 120)).transpose(Image.Transpose.ROTATE_180), (240, 180))
    results = []
    for picture in (one, other):
        blobs = MemoryBlobs()
        content = io.BytesIO()
        # No subsampling: a colour block may not straddle the edge of the region in the original.
        picture.save(content, "JPEG", quality=95, subsampling="4:4:4", comment=b"secret", exif=b"Exif\0\0II*\0secret")
        sha256 = keep(blobs, content.getvalue())
        redact(blobs, sha256, [(0.3, 0.293334, 0.2, 0.213333)], NAME)
        results.append((made(blobs, sha256), made(blobs, sha256, full_name(NAME))))
    assert results[0] == results[1]
    assert b"secret" not in b"".join(results[0])


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_fractions_are_those_of_the_upright_picture(orientation: int) -> None:
    blobs = MemoryBlobs()
    sha256 = keep(blobs, street(800, 600, orientation))
    redact(blobs, sha256, [(0, 0, 0.5, 0.25)], NAME)
    seen = pixels(made(blobs, sha256, full_name(NAME)))
    height, width, _ = seen.shape
    assert seen[: height // 4 - 20, : width // 2 - 20].max() < 12
    assert seen[height // 2 :, width // 2 :].mean() > 20


def test_a_heic_is_redacted_too() -> None:
    blobs = MemoryBlobs()
    sha256 = keep(blobs, heic(Image.open(io.BytesIO(street(800, 600))), 6))
    redact(blobs, sha256, [(0, 0, 1, 0.5)], NAME)
    seen = pixels(made(blobs, sha256, full_name(NAME)))
    assert seen.shape == (800, 600, 3)
    assert seen[:390].max() < 12


def test_a_pixel_that_a_region_only_touches_is_hidden() -> None:
    blobs = MemoryBlobs()
    white = io.BytesIO()
    Image.new("RGB", (64, 64), (255, 255, 255)).save(white, "JPEG")
    sha256 = keep(blobs, white.getvalue())
    redact(blobs, sha256, [(0.501 / 64 * 16, 0, 16.2 / 64, 1)], NAME)
    seen = pixels(made(blobs, sha256, full_name(NAME)))
    assert seen[:, 9:24].max() < 40


def test_a_region_that_reaches_over_the_edge_is_cut_to_the_picture() -> None:
    blobs = MemoryBlobs()
    sha256 = keep(blobs, street(400, 300))
    redact(blobs, sha256, [(-0.5, -0.5, 3, 3)], NAME)
    assert pixels(made(blobs, sha256, full_name(NAME))).max() < 12


def test_a_second_call_makes_nothing_anew() -> None:
    blobs = MemoryBlobs()
    sha256 = keep(blobs, street(400, 300))
    first = redact(blobs, sha256, SECRET, NAME)
    blobs.delete(original_key(sha256))
    assert redact(blobs, sha256, SECRET, NAME) == first


@pytest.mark.parametrize(
    "regions",
    [
        [],
        [(0.1, 0.1, 0.0, 0.1)],
        [(1.0, 0.1, 0.1, 0.1)],
        [(0.1, 0.1, -0.2, 0.1)],
        [(0.1, 0.1, float("nan"), 0.1)],
        [(0.1, 0.1, 0.1)],
        [(0.1, 0.1, 0.1, 0.1)] * 201,
    ],
)
def test_regions_that_hide_nothing_are_refused(regions: list[tuple[float, ...]]) -> None:
    blobs = MemoryBlobs()
    sha256 = keep(blobs, street(400, 300))
    with pytest.raises(ValueError, match="region"):
        redact(blobs, sha256, regions, NAME)
    assert list(blobs.keys()) == [original_key(sha256)]


def test_what_cannot_be_decoded_is_not_redacted() -> None:
    blobs = MemoryBlobs()
    with pytest.raises(NotDerivable):
        redact(blobs, keep(blobs, street(400, 300)[:9000]), SECRET, NAME)
    with pytest.raises(BlobMissing):
        redact(blobs, "0" * 64, SECRET, NAME)
    with pytest.raises(ValueError, match="is called"):
        redact(blobs, "0" * 64, SECRET, "preview")
