"""Thumbnail and preview of a photograph, and how it looks, from one decode (design/evidence.md §2).

Preview from the pixels, thumbnail from the preview, likeness from the thumbnail as stored, so that it can be computed
again from that. Runs where pictures are decoded. Knows no store.
"""

import io

from PIL import Image

from photo_store.embedded import embedded_distance
from photo_store.likeness import likeness_of
from photo_store.pixels import fitted, jpeg, upright, webp
from photo_store.sandbox import Parcel
from photo_store.sandbox.parcels import DONE

__all__ = ["PREVIEW_QUALITY", "PREVIEW_SIDE", "renditions"]

PREVIEW_SIDE, THUMBNAIL_SIDE = 1600, 320
PREVIEW_QUALITY, THUMBNAIL_QUALITY = 80, 70
# Over so many bytes it is grain that costs, not the picture: coarser steps drop it, and galleries load twice as fast.
HEAVY_PREVIEW, HEAVY_QUALITY = 260_000, 55


def renditions(request: Parcel) -> Parcel:
    """Make ``preview`` (JPEG) and ``thumbnail`` (WebP) of the file ``original``; facts say how it looks."""
    decoded = upright(request, "original", PREVIEW_SIDE)
    preview = decoded.pixels
    thumbnail = preview
    if max(preview.size) > THUMBNAIL_SIDE:
        thumbnail = preview.resize(fitted(preview.size, THUMBNAIL_SIDE), Image.Resampling.BICUBIC, reducing_gap=1.0)
    made = {"preview": _light(preview), "thumbnail": webp(thumbnail, THUMBNAIL_QUALITY)}
    with Image.open(io.BytesIO(made["thumbnail"]), formats=("WEBP",)) as stored:
        likeness = likeness_of(stored)
    facts = {
        "likeness": likeness.bits.hex(),
        "flat": likeness.flat,
        "embedded": embedded_distance(decoded.exif, thumbnail, decoded.turn),
    }
    return Parcel(DONE, facts, made)


def _light(preview: Image.Image) -> bytes:
    made = jpeg(preview, PREVIEW_QUALITY)
    return made if len(made) <= HEAVY_PREVIEW else jpeg(preview, HEAVY_QUALITY)
