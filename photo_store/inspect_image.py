"""What a file really is, judged by its content alone and without decoding it.

A name and a declared type prove nothing. JPEG and HEIC: every other format is refused by its own name, so that the
person who holds the phone knows what to change. Limits follow design/evidence.md §3: they bound what decoding
could cost later. Knows no storage and no upload.
"""

import io
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from photo_store.exif import read_exif
from photo_store.heif import scan_heic
from photo_store.scan import StructureError, scan_jpeg

__all__ = ["HEIC", "JPEG", "ImageFacts", "ImageLimits", "NotAnImage", "PhotoTooLarge", "inspect"]

JPEG, HEIC = "image/jpeg", "image/heic"
_START = 64
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
_OTHERS = (
    (b"\x89PNG\r\n\x1a\n", "a PNG file"),
    (b"GIF8", "a GIF file"),
    (b"%PDF", "a PDF file"),
    (b"%!PS", "a PostScript file (PS or EPS)"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript file (EPS)"),
    (b"II*\0", "a TIFF file"),
    (b"MM\0*", "a TIFF file"),
    (b"II+\0", "a TIFF file"),
    (b"MM\0+", "a TIFF file"),
    (b"BM", "a BMP file"),
    (b"8BPS", "a Photoshop file"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL file"),
    (b"\xff\x0a", "a JPEG XL file"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 file"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 file"),
    (b"\0\0\1\0", "a Windows icon"),
    (b"PK\x03\x04", "a ZIP file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"Rar!", "a RAR file"),
    (b"7z\xbc\xaf", "a 7-Zip file"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
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
    software: str | None = None

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
    media_type = _sniffed(stream.read(_START))
    stream.seek(0)
    try:
        return _inspect_jpeg(stream, size, limits) if media_type == JPEG else _inspect_heic(stream, size, limits)
    except StructureError as error:
        raise NotAnImage(str(error)) from None


def _inspect_jpeg(stream: BinaryIO, size: int, limits: ImageLimits) -> ImageFacts:
    found = scan_jpeg(stream, max_scans=limits.max_scans)
    _check_cost(found.width, found.height, limits)
    if found.scans > limits.max_scans:
        message = f"the picture has more than {limits.max_scans} scans: it would take minutes to show"
        raise PhotoTooLarge(message)
    return ImageFacts(JPEG, size, found.width, found.height, **asdict(read_exif(found.exif)))


def _inspect_heic(stream: BinaryIO, size: int, limits: ImageLimits) -> ImageFacts:
    found = scan_heic(stream)
    for width, height in found.sizes:
        _check_cost(width, height, limits)
    claims = asdict(read_exif(found.exif)) | {"orientation": found.orientation}
    return ImageFacts(HEIC, size, found.width, found.height, **claims)


def _sniffed(start: bytes) -> str:
    """Return the media type of a file that begins like this. Raises NotAnImage with the name of what it is."""
    if start.startswith(b"\xff\xd8"):
        return JPEG
    if not start:
        message = "the file is empty"
        raise NotAnImage(message)
    name = _name_of_media(start) if start[4:8] == b"ftyp" else _name_of_other(start)
    if name is None:
        return HEIC
    message = f"{name}: only JPEG and HEIC photographs are accepted"
    raise NotAnImage(message)


def _name_of_media(start: bytes) -> str | None:
    """Name an ISO media file by its brands; None for HEIC."""
    end = min(int.from_bytes(start[:4], "big"), len(start))
    brands = {start[at : at + 4] for at in (8, *range(16, end - 3, 4))}
    if start[8:12] in _AVIF_BRANDS:
        return "this is an AVIF file"
    if brands & _HEIF_BRANDS:
        return None
    return "this is a video or another media file (MP4, QuickTime)"


def _name_of_other(start: bytes) -> str:
    name = next((name for magic, name in _OTHERS if start.startswith(magic)), None)
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        name = "a WebP file"
    if name is None and start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        name = "a text file (SVG, HTML or XML)"
    return f"this is {name}" if name else "the content is no known picture format"


def _check_cost(width: int, height: int, limits: ImageLimits) -> None:
    if max(width, height) > limits.max_side or width * height > limits.max_pixels:
        message = (
            f"the picture has {width} x {height} pixels; at most {limits.max_pixels} in all"
            f" and {limits.max_side} on a side are accepted"
        )
        raise PhotoTooLarge(message)
