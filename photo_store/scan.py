"""The structure of a JPEG file, read without decoding a pixel (ITU-T T.81, Annex B).

Finds the frame size, the number of scans and the Exif block. Tolerant where decoders are (stray bytes between
segments, a missing end marker: cameras write both, and a photo is evidence as it is), strict about what would
make decoding dangerous or meaningless. Knows no Pillow.
"""

import re
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["JpegStructure", "StructureError", "scan_jpeg"]

BLOCK = 128 * 1024
EXIF_HEADER = b"Exif\0\0"
# 0xFF followed by anything but stuffing (00), restart markers (D0-D7), TEM (01) or fill (FF). Said as what may follow:
# a class of what may not takes twice as long.
_MARKER = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")
_SOI, _EOI, _SOS, _APP1 = 0xD8, 0xD9, 0xDA, 0xE1
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_READABLE_FRAMES = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive with Huffman coding: what cameras write


class StructureError(Exception):
    """The bytes are no JPEG that can be shown; the text says why, to be read by a person."""


class _CutOffError(StructureError):
    """The bytes end inside a segment: fatal in the header, a blemish once the picture has begun."""

    def __init__(self) -> None:
        super().__init__("the JPEG is cut off inside its header")


@dataclass(slots=True)
class JpegStructure:
    """Frame size as stored (before any rotation), number of scans, and the TIFF block of the first Exif segment."""

    width: int = 0
    height: int = 0
    scans: int = 0
    exif: bytes | None = None


def scan_jpeg(stream: BinaryIO, *, max_scans: int) -> JpegStructure:
    """Walk the segments from the start of ``stream``; stops counting one past ``max_scans``.

    Raises StructureError for a file without frame or scan, a cut header, or a coding no camera uses.
    """
    found = JpegStructure()
    walk = _Walk(stream)
    if walk.next_marker() != _SOI:
        message = "the file does not begin like a JPEG"
        raise StructureError(message)
    try:
        _read_segments(walk, found, max_scans)
    except _CutOffError:
        if not found.scans:
            raise
    if not found.width or not found.scans:
        message = "the JPEG is cut off before its picture begins"
        raise StructureError(message)
    return found


def _read_segments(walk: "_Walk", found: JpegStructure, max_scans: int) -> None:
    while found.scans <= max_scans and (marker := walk.next_marker()) not in (_EOI, None):
        if marker == _SOI:
            continue
        segment = walk.segment()
        if marker in _FRAMES:
            _read_frame(found, marker, segment)
        elif marker == _APP1 and found.exif is None and segment.startswith(EXIF_HEADER):
            found.exif = segment.removeprefix(EXIF_HEADER)
        elif marker == _SOS:
            found.scans += 1


def _read_frame(found: JpegStructure, marker: int | None, segment: bytes) -> None:
    if found.width:
        message = "the JPEG declares its size twice"
        raise StructureError(message)
    if marker not in _READABLE_FRAMES or len(segment) < 6 or segment[0] != 8:  # noqa: PLR2004  # T.81, B.2.2
        message = "the JPEG is coded in a way that cameras do not use (8-bit baseline or progressive is read)"
        raise StructureError(message)
    found.height = int.from_bytes(segment[1:3], "big")
    found.width = int.from_bytes(segment[3:5], "big")
    if not found.width or not found.height:
        message = "the JPEG declares an empty picture"
        raise StructureError(message)
    if segment[5] not in (1, 3, 4):
        message = "the JPEG declares channels that no camera has"
        raise StructureError(message)


class _Walk:
    """A window over the stream that jumps from marker to marker."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._block = b""
        self._at = 0

    def next_marker(self) -> int | None:
        """Code of the next marker, wherever it is; None at the end of the stream."""
        while (match := _MARKER.search(self._block, self._at)) is None:
            if not self._refill(keep=self._block.endswith(b"\xff", self._at)):
                return None
        self._at = match.end()
        return self._block[self._at - 1]

    def segment(self) -> bytes:
        """Payload of the segment whose marker was just found. Raises StructureError if it is cut off."""
        length = self._payload_length()
        while len(self._block) - self._at < length:
            if not self._refill(keep=len(self._block) - self._at):
                raise _CutOffError
        payload = self._block[self._at : self._at + length]
        self._at += length
        return payload

    def _payload_length(self) -> int:
        while len(self._block) - self._at < 2:  # noqa: PLR2004  # a length is two bytes, counting themselves
            if not self._refill(keep=len(self._block) - self._at):
                raise _CutOffError
        length = int.from_bytes(self._block[self._at : self._at + 2], "big")
        if length < 2:  # noqa: PLR2004
            message = "the JPEG declares a segment of impossible length"
            raise StructureError(message)
        self._at += 2
        return length - 2

    def _refill(self, keep: int) -> bool:
        block = self._stream.read(BLOCK)
        self._block = self._block[len(self._block) - keep :] + block
        self._at = 0
        return bool(block)
