"""What a file really is, judged by its content alone and without decoding it.

A name and a declared type prove nothing. JPEG only: every other format is refused by its own name, so that the
person who holds the phone knows what to change. Limits follow design/evidence.md §3: they bound what decoding
could cost later. Knows no storage and no upload.
"""

import io
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from photo_store.exif import read_exif
from photo_store.scan import StructureError, scan_jpeg

__all__ = ["ImageFacts", "ImageLimits", "NotAnImage", "PhotoTooLarge", "inspect"]

_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
_OTHERS = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF8", "GIF"),
    (b"%PDF", "PDF"),
    (b"%!PS", "PostScript"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"BM", "BMP"),
    (b"<", "text (SVG, HTML or XML)"),
    (b"PK\x03\x04", "ZIP"),
)


class NotAnImage(Exception):
    """The content is not an accepted picture; ``reason`` says what it is instead, in words for a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PhotoTooLarge(Exception):
    """The picture exceeds a limit: bytes, pixels, side or scans; the text says which and how much is allowed."""


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """Bytes of the file, pixels in all, pixels of the longer side, scans of a progressive JPEG."""

    max_bytes: int = 25 * 1024 * 1024
    max_pixels: int = 50_000_000
    max_side: int = 16_384
    max_scans: int = 100


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What the file says of itself; proven are only ``media_type``, ``size``, ``width`` and ``height``.

    ``width``, ``height``: pixels as stored, before ``orientation`` (Exif 1..8) is applied. ``taken_at``: ISO 8601
    text, with an offset only if the camera wrote one. ``lon``, ``lat``: degrees.
    """

    media_type: str
    size: int
    width: int
    height: int
    orientation: int = 1
    taken_at: str | None = None
    lon: float | None = None
    lat: float | None = None
    make: str | None = None
    model: str | None = None

    def as_json(self) -> dict[str, Any]:
        """All facts by name, ready for a JSON column."""
        return asdict(self)


def inspect(stream: BinaryIO, limits: ImageLimits) -> ImageFacts:
    """Look at the whole of a seekable ``stream``: structure and Exif, no pixels; leaves its position anywhere.

    Raises NotAnImage, PhotoTooLarge.
    """
    size = stream.seek(0, io.SEEK_END)
    if size > limits.max_bytes:
        message = f"the file has {size} bytes; at most {limits.max_bytes} are accepted"
        raise PhotoTooLarge(message)
    stream.seek(0)
    _refuse_others(stream.read(16))
    stream.seek(0)
    try:
        found = scan_jpeg(stream, max_scans=limits.max_scans)
    except StructureError as error:
        raise NotAnImage(str(error)) from None
    _check_cost(found.width, found.height, found.scans, limits)
    exif = read_exif(found.exif)
    return ImageFacts("image/jpeg", size, found.width, found.height, **asdict(exif))


def _refuse_others(start: bytes) -> None:
    if start.startswith(b"\xff\xd8"):
        return
    if not start:
        message = "the file is empty"
        raise NotAnImage(message)
    if start[4:8] == b"ftyp" and start[8:12] in _HEIF_BRANDS:
        message = "HEIC is not accepted yet: set the camera to JPEG"
        raise NotAnImage(message)
    name = next((name for magic, name in _OTHERS if start.startswith(magic)), None)
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        name = "WebP"
    kind = f"this is a {name} file" if name else "the content is no known picture format"
    message = f"{kind}: only JPEG photographs are accepted"
    raise NotAnImage(message)


def _check_cost(width: int, height: int, scans: int, limits: ImageLimits) -> None:
    if max(width, height) > limits.max_side or width * height > limits.max_pixels:
        message = (
            f"the picture has {width} x {height} pixels; at most {limits.max_pixels} in all"
            f" and {limits.max_side} on a side are accepted"
        )
        raise PhotoTooLarge(message)
    if scans > limits.max_scans:
        message = f"the picture has more than {limits.max_scans} scans: it would take minutes to show"
        raise PhotoTooLarge(message)
