"""Renditions of a photograph that hide parts of it: opaque rectangles, made from pixels, at full and preview size.

The original never changes. What is hidden is painted over before anything is scaled or encoded, and the new file is
made from pixels alone, so nothing of it is left to recover. Knows no redaction row and no reason.
"""

import io
import math
from collections.abc import Sequence

from photo_store.blobs import BlobStore, rendition_key
from photo_store.decoder import decode, seen
from photo_store.derive import RECIPE, original_of
from photo_store.sandbox import Parcel

__all__ = ["FULL", "PREVIEW", "Region", "checked_regions", "full_name", "redact"]

PREVIEW, FULL = "redacted-", "redacted-full-"
MOST_REGIONS = 200
_NUMBERS = 4
Region = tuple[float, float, float, float]
"""Left, top, width and height as fractions of the upright picture, from its top left corner."""


def redact(blobs: BlobStore, sha256: str, regions: Sequence[Sequence[float]], rendition_name: str) -> dict[str, int]:
    """Make both renditions of an original with ``regions`` hidden, unless they exist; return their sizes in bytes.

    ``rendition_name``: ``redacted-<id>``; the one of full size is called ``redacted-full-<id>``. A name stands for one
    list of regions for ever. Raises ValueError for regions that make no sense, NotDerivable, DecoderUnavailable,
    BlobMissing, BlobUnavailable.
    """
    wanted = checked_regions(regions)
    keys = {
        "preview": rendition_key(sha256, rendition_name, RECIPE),
        "full": rendition_key(sha256, full_name(rendition_name), RECIPE),
    }
    absent = [size for size, key in keys.items() if not blobs.exists(key)]
    if absent:
        facts, content = original_of(blobs, sha256)
        answer = decode("redactions", Parcel("", {**seen(facts), "regions": wanted}, {"original": content}))
        for size in absent:
            blobs.put(keys[size], io.BytesIO(answer.files[size]))
    return {key.split("/")[2]: blobs.size(key) for key in keys.values()}


def full_name(rendition_name: str) -> str:
    """Return the name of the full-size rendition beside that of preview size. Raises ValueError."""
    if not rendition_name.startswith(PREVIEW) or rendition_name.startswith(FULL):
        message = f"a redaction's rendition is called {PREVIEW}<id>, not {rendition_name[:80]!r}"
        raise ValueError(message)
    return FULL + rendition_name.removeprefix(PREVIEW)


def checked_regions(regions: Sequence[Sequence[float]]) -> list[Region]:
    """Return the regions, each cut to the picture; ValueError for one with no area in it or too many."""
    if not 1 <= len(regions) <= MOST_REGIONS:
        message = f"between 1 and {MOST_REGIONS} regions can be hidden, not {len(regions)}"
        raise ValueError(message)
    return [_checked(region) for region in regions]


def _checked(region: Sequence[float]) -> Region:
    if len(region) != _NUMBERS or not all(math.isfinite(number) for number in region):
        message = "a region is left, top, width and height as fractions of the picture"
        raise ValueError(message)
    left, top, width, height = region
    right, bottom = min(1.0, left + width), min(1.0, top + height)
    left, top = max(0.0, left), max(0.0, top)
    if right <= left or bottom <= top:
        message = "a region lies outside the picture or has no area"
        raise ValueError(message)
    return left, top, right - left, bottom - top
