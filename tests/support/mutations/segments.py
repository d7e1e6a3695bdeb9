"""Taking JPEG files apart and putting them together: enough to lie with. Knows no mutation."""

import re
import struct
from dataclasses import dataclass

SOI, EOI, SOS, COM, DQT, DHT = 0xD8, 0xD9, 0xDA, 0xFE, 0xDB, 0xC4
APP1, APP2 = 0xE1, 0xE2
# A scan's header (6 bytes and two for each of up to four channels) and its coded pixels up to the next marker.
_SCAN = re.compile(rb"\xff\xda\x00[\x06-\x0e].{12}((?:[^\xff]|\xff[\x00\xd0-\xd7])*)", re.DOTALL)
FRAMES = {0xC0, 0xC1, 0xC2}


@dataclass(frozen=True)
class Segment:
    """A marker, where it stands, and its payload without the length."""

    marker: int
    at: int
    payload: bytes

    @property
    def end(self) -> int:
        """Return the place after it."""
        return self.at + 4 + len(self.payload)


def segments(content: bytes) -> list[Segment]:
    """Return the segments up to and including the first scan's header."""
    found: list[Segment] = []
    at = 2
    while not found or found[-1].marker != SOS:
        marker = content[at + 1]
        (length,) = struct.unpack_from(">H", content, at + 2)
        found.append(Segment(marker, at, content[at + 4 : at + 2 + length]))
        at = found[-1].end
    return found


def first(content: bytes, *markers: int) -> Segment:
    """Return the first segment with one of these markers."""
    return next(segment for segment in segments(content) if segment.marker in markers)


def segment(marker: int, payload: bytes) -> bytes:
    """Build a segment."""
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def inserted(content: bytes, addition: bytes) -> bytes:
    """Put bytes right behind the start marker."""
    return content[:2] + addition + content[2:]


def overwritten(content: bytes, at: int, value: bytes) -> bytes:
    """Replace as many bytes as ``value`` has."""
    return content[:at] + value + content[at + len(value) :]


def without(content: bytes, marker: int) -> bytes:
    """Drop all header segments with a marker."""
    for gone in reversed([found for found in segments(content) if found.marker == marker]):
        content = content[: gone.at] + content[gone.end :]
    return content


def coded_places(content: bytes) -> list[int]:
    """Return the places of all scans' coded pixels that are no part of a marker."""
    places: list[int] = []
    for scan in _SCAN.finditer(content, first(content, SOS).at):
        places += [at for at in range(*scan.span(1)) if content[at] != 0xFF and content[at - 1] != 0xFF]
    return places
