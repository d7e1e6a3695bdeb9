"""From the bytes of a photograph to upright sRGB pixels, and from pixels to files that hold nothing else.

JPEG decoders can decode at 1/2, 1/4 or 1/8 size for a fraction of the cost (``draft``); colours and rotation are put
right on the small picture. A profile is converted to sRGB, not dropped. This is the dangerous part of handling
pictures: it runs in :mod:`photo_store.decoder`'s children, never in a request. Knows no store.
"""

import io
import warnings
from dataclasses import dataclass

import pillow_heif
from PIL import Image, ImageCms, ImageFile, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin

from photo_store.inspect_image import JPEG, ImageLimits
from photo_store.sandbox import Parcel

__all__ = ["Decoded", "Undecodable", "fitted", "jpeg", "upright", "webp"]

# Pillow imports them at need, which is too late where no file can be opened any more.
_PLUGINS = (MpoImagePlugin, TiffImagePlugin, WebPImagePlugin)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """Upright ``pixels`` and nothing else of the file but its Exif block; ``turn`` is how its sensor lay."""

    pixels: Image.Image
    exif: bytes | None
    turn: Image.Transpose | None


class Undecodable(Exception):
    """These bytes cannot be turned into pixels; the text says why."""


def upright(request: Parcel, file: str, side: int | None = None) -> Decoded:
    """Decode a file of a request once; RGB pixels as a viewer shows them, the longer side at most ``side`` if given.

    Facts of the request: ``media_type``, and ``orientation`` (Exif 1..8) by which a JPEG is turned; a HEIC's decoder
    does it by itself. Raises Undecodable.
    """
    is_jpeg = request.facts["media_type"] == JPEG
    try:
        with Image.open(io.BytesIO(request.files[file]), formats=("JPEG" if is_jpeg else "HEIF",)) as picture:
            exif, profile = picture.info.get("exif"), picture.info.get("icc_profile")
            size = picture.size if side is None else fitted(picture.size, side)
            if is_jpeg:
                picture.draft("RGB", size)
            picture.load()
            small = _srgb(_scaled(picture, size), profile)
    except (OSError, SyntaxError, ValueError, EOFError, RuntimeError, Image.DecompressionBombWarning) as error:
        message = f"the picture cannot be decoded: {error}"
        raise Undecodable(message) from error
    turn = _TURNS.get(int(request.facts["orientation"]))
    if is_jpeg and turn is not None:
        small = small.transpose(turn)
    small.info.clear()
    return Decoded(small, exif, turn)


def _scaled(picture: ImageFile.ImageFile, size: tuple[int, int]) -> Image.Image:
    """Scale one direction after the other, so that the decoded picture is gone before the second; same result."""
    if picture.size == size:
        return picture
    narrow = picture.resize((size[0], picture.height), Image.Resampling.HAMMING)
    picture.close()
    return narrow.resize(size, Image.Resampling.HAMMING)


def _srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert to sRGB by the picture's own profile; without a usable one the pixels count as sRGB already."""
    if picture.mode != "RGB":
        return picture.convert("RGB")
    if profile is None:
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return picture
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return picture
    return converted if converted is not None else picture


def fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Scale ``size`` down to a longer side of at most ``side``; never up, never to nothing."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def jpeg(picture: Image.Image, quality: int) -> bytes:
    """Encode as JPEG 4:2:0, pixels only."""
    return _encoded(picture, "JPEG", quality=quality, subsampling="4:2:0")


def webp(picture: Image.Image, quality: int) -> bytes:
    """Encode as WebP, pixels only."""
    return _encoded(picture, "WEBP", quality=quality, method=2)


def _encoded(picture: Image.Image, form: str, **how: str | int) -> bytes:
    target = io.BytesIO()
    picture.save(target, form, **how)
    return target.getvalue()


Image.preinit()
Image.MAX_IMAGE_PIXELS = ImageLimits().max_pixels
warnings.simplefilter("error", Image.DecompressionBombWarning)
# Embedded thumbnails may show something else than the picture, and would be decoded in its place.
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
