"""Series of JPEGs as phones write them, 2 and 12 megapixels, real and drawn; and the naive way to make renditions."""

import io
import itertools
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from pictures import fetched
from PIL import Image, ImageOps

from photo_store.drawn import Scene, draw

SIZES = {"2 MP": (1600, 1200), "12 MP": (4000, 3000)}
QUALITY = 85
_LEAST = 6_000_000  # pixels of an original that may stand for one of 12 MP
_MOMENT = datetime(2026, 11, 22, tzinfo=UTC)


def real(folder: Path, count: int) -> dict[str, list[bytes]]:
    """Bring photographs out of packages to a phone's size and weight; by size, at most ``count`` each."""
    large = []
    for content in fetched(folder).values():
        with Image.open(io.BytesIO(content)) as picture:
            if picture.width * picture.height >= _LEAST:
                large.append(content)
    return {name: [_as_from_phone(content, size) for content in large[:count]] for name, size in SIZES.items()}


def drawn(count: int) -> dict[str, list[bytes]]:
    """Draw street scenes of each size."""
    scenes = list(zip(itertools.cycle(Scene), range(count), strict=False))
    return {name: [shot(scene, seed, size) for scene, seed in scenes] for name, size in SIZES.items()}


def shot(scene: Scene, seed: int, size: tuple[int, int]) -> bytes:
    """Draw one."""
    return draw(scene, seed, taken_at=_MOMENT, lon=123.5, lat=30.5, size=size)


def _as_from_phone(content: bytes, size: tuple[int, int]) -> bytes:
    target = io.BytesIO()
    picture = ImageOps.fit(Image.open(io.BytesIO(content)).convert("RGB"), size)
    picture.save(target, "JPEG", quality=QUALITY, exif=_claims())
    return target.getvalue()


def _claims() -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Bench"
    return exif.tobytes()


def naively(content: bytes) -> None:
    """Make the same three things one by one, each from the original, as tutorials do."""
    for side, form in ((1600, "JPEG"), (320, "WEBP")):
        with Image.open(io.BytesIO(content)) as original:
            picture = ImageOps.exif_transpose(original).convert("RGB")
            picture = ImageOps.contain(picture, (side, side), Image.Resampling.LANCZOS)
            picture.save(io.BytesIO(), form, quality=80)
    with Image.open(io.BytesIO(content)) as original:
        grey = ImageOps.exif_transpose(original).convert("L").resize((64, 64), Image.Resampling.LANCZOS)
        np.fft.rfft2(np.asarray(grey, dtype=np.float64))
