"""Thumbnail and preview of an original, from one decode (design/evidence.md §2).

JPEG decoders can decode at 1/2, 1/4 or 1/8 size for a fraction of the cost (``draft``), and everything after
that works on the small picture: preview, rotation, thumbnail. Derived pictures hold pixels only: no Exif, no
comment, no profile (a wide-gamut profile is converted to sRGB, not dropped), so that no position or device leaks
through a thumbnail. The recipe is part of the key; a new recipe makes new keys and the old ones are swept.
Decoding is the dangerous part: run it in the worker, never in a request. Knows no photo row and no queue.
"""

import io
from dataclasses import dataclass
from typing import BinaryIO

import PIL
from PIL import Image, ImageCms, UnidentifiedImageError

from photo_store.blobs import BlobStore, original_key, rendition_key
from photo_store.inspect_image import ImageLimits, NotAnImage, PhotoTooLarge, inspect

__all__ = ["RECIPE", "RENDITIONS", "Derived", "NotDerivable", "assert_pillow", "derive"]

RECIPE = "r1"
RENDITIONS = ("thumbnail", "preview")
MEDIA_TYPES = {"thumbnail": "image/webp", "preview": "image/jpeg"}
PREVIEW_SIDE, THUMBNAIL_SIDE = 1600, 320
OLDEST_PILLOW = 13
_SIDEWAYS = {5, 6, 7, 8}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class NotDerivable(Exception):
    """The original cannot be shown (damaged, not a picture, over the limits); it stays evidence as it is."""


@dataclass(frozen=True, slots=True)
class Derived:
    """``width``, ``height``: pixels of the original as a viewer shows it; ``sizes``: bytes of each rendition."""

    width: int
    height: int
    sizes: dict[str, int]


def assert_pillow() -> None:
    """Stop the program if Pillow is older than the release that refuses what older ones decode unsafely."""
    if int(PIL.__version__.split(".")[0]) < OLDEST_PILLOW:
        message = f"Pillow {PIL.__version__} is too old: install Pillow {OLDEST_PILLOW} or newer"
        raise RuntimeError(message)


def derive(blobs: BlobStore, sha256: str) -> Derived:
    """Make the renditions of an original that are not there yet; a second call only reports.

    Raises NotDerivable, and BlobMissing or BlobUnavailable from the store.
    """
    with blobs.open(original_key(sha256)) as original:
        try:
            facts = inspect(original, ImageLimits())
        except (NotAnImage, PhotoTooLarge) as refusal:
            raise NotDerivable(str(refusal)) from refusal
        keys = {rendition: rendition_key(sha256, rendition, RECIPE) for rendition in RENDITIONS}
        absent = [rendition for rendition, key in keys.items() if not blobs.exists(key)]
        if absent:
            original.seek(0)
            made = _renditions(original, facts.orientation)
            for rendition in absent:
                blobs.put(keys[rendition], io.BytesIO(made[rendition]))
    sizes = {rendition: blobs.size(key) for rendition, key in keys.items()}
    if facts.orientation in _SIDEWAYS:
        return Derived(facts.height, facts.width, sizes)
    return Derived(facts.width, facts.height, sizes)


def _renditions(original: BinaryIO, orientation: int) -> dict[str, bytes]:
    preview = _preview(original, orientation)
    thumbnail = preview
    if max(preview.size) > THUMBNAIL_SIDE:
        thumbnail = preview.resize(_fitted(preview.size, THUMBNAIL_SIDE), Image.Resampling.BICUBIC, reducing_gap=2)
    return {
        "preview": _encoded(preview, "JPEG", quality=80, subsampling="4:2:0"),
        "thumbnail": _encoded(thumbnail, "WEBP", quality=70, method=2),
    }


def _preview(original: BinaryIO, orientation: int) -> Image.Image:
    """Decode once, at the smallest scale that still fills the preview; return upright sRGB pixels and no more."""
    try:
        with Image.open(original, formats=("JPEG",)) as picture:
            size = _fitted(picture.size, PREVIEW_SIDE)
            profile = picture.info.get("icc_profile")
            picture.draft("RGB", size)
            small: Image.Image = picture
            if picture.size != size:
                small = picture.resize(size, Image.Resampling.BICUBIC)
            small = _srgb(small, profile)
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        message = f"the picture cannot be decoded: {error}"
        raise NotDerivable(message) from error
    turn = _TURNS.get(orientation)
    upright = small if turn is None else small.transpose(turn)
    upright.info.clear()
    return upright


def _srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert to sRGB by the picture's own profile; without a usable one the pixels count as sRGB already."""
    if profile is None or picture.mode != "RGB":
        return picture.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return picture.copy()
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return picture.copy()
    return converted if converted is not None else picture.copy()


def _fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Scale ``size`` down to a longer side of at most ``side``; never up, never to nothing."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _encoded(picture: Image.Image, form: str, **how: str | int) -> bytes:
    target = io.BytesIO()
    picture.save(target, form, **how)
    return target.getvalue()


assert_pillow()
