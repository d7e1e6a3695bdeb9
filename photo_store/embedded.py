"""The thumbnail that a camera hides in the Exif block: who edits a picture often forgets it, and it shows what was.

The block comes from a stranger and the thumbnail is decoded, so this belongs where pictures are decoded, in the
worker's sandbox. Only the second directory is followed, never a chain of them. Knows no photograph's row.
"""

import io
import struct

from PIL import Image, UnidentifiedImageError

from photo_store.likeness import distance, likeness_of

__all__ = ["embedded_distance", "embedded_thumbnail"]

_HEADER = b"Exif\0\0"
_START, _LENGTH = 0x0201, 0x0202  # JPEGInterchangeFormat and its length (Exif 2.32 §4.6.4)
_MOST_BYTES, _MOST_SIDE = 65_535, 1024
_SHORT, _LONG = 3, 4


def embedded_distance(exif: bytes | None, upright: Image.Image, turn: Image.Transpose | None) -> int | None:
    """Tell how far the embedded thumbnail is from the picture it came with, in bits of likeness (0 to 256).

    ``exif``: the block, with or without its ``Exif`` header; ``upright``: the picture, turned by ``turn``. None where
    there is no thumbnail that can be read, or where either is too flat to compare.
    """
    hidden = _decoded(embedded_thumbnail(exif))
    if hidden is None:
        return None
    shown = likeness_of(upright)
    if shown.flat:
        return None
    if turn is not None:
        hidden = hidden.transpose(turn)
    likenesses = [likeness_of(view) for view in (hidden, _without_bars(hidden, upright.width / upright.height))]
    return min((distance(shown.bits, each.bits) for each in likenesses if not each.flat), default=None)


def embedded_thumbnail(exif: bytes | None) -> bytes | None:
    """Return the JPEG that the block's second directory points to, or None. Never raises."""
    tiff = (exif or b"").removeprefix(_HEADER)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return None
    try:
        (first,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, first)
        (second,) = struct.unpack_from(order + "I", tiff, first + 2 + 12 * entries)
        (count,) = struct.unpack_from(order + "H", tiff, second)
        if not second or second == first:
            return None
        numbers = dict(_number(tiff, order, second + 2 + 12 * index) for index in range(count))
    except struct.error:
        return None
    start, length = numbers.get(_START), numbers.get(_LENGTH)
    if not start or not length or length > _MOST_BYTES:
        return None
    found = tiff[start : start + length]
    return found if len(found) == length and found.startswith(b"\xff\xd8") else None


def _number(tiff: bytes, order: str, at: int) -> tuple[int, int | None]:
    """Read one entry of a directory: its tag, and its value if that is a single number."""
    tag, kind, count = struct.unpack_from(order + "HHI", tiff, at)
    if count != 1 or kind not in {_SHORT, _LONG}:
        return tag, None
    (value,) = struct.unpack_from(order + ("H" if kind == _SHORT else "I"), tiff, at + 8)
    return tag, value


def _decoded(jpeg: bytes | None) -> Image.Image | None:
    if jpeg is None:
        return None
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as picture:
            return picture.convert("RGB") if max(picture.size) <= _MOST_SIDE else None
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError, Image.DecompressionBombError):
        return None


def _without_bars(picture: Image.Image, aspect: float) -> Image.Image:
    """Cut the middle of ``aspect`` out: cameras put a wide picture into a 4:3 thumbnail between black bars."""
    width, height = min(picture.width, picture.height * aspect), min(picture.height, picture.width / aspect)
    left, top = (picture.width - width) / 2, (picture.height - height) / 2
    box = (round(left), round(top), max(round(left) + 1, round(left + width)), max(round(top) + 1, round(top + height)))
    return picture.crop(box)
