"""The boxes that ISO media files are made of (ISO/IEC 14496-12), read within bounds.

Every number comes from a stranger: a read outside its box raises, a length that lies ends at the box around it, and no
box is entered that the caller does not ask for. Knows no picture.
"""

from collections.abc import Iterator
from typing import BinaryIO

from photo_store.scan import StructureError

__all__ = ["CutOff", "Fields", "inner_boxes", "outer_boxes"]

MOST_BOXES = 2048
_HEADER, _LONG_HEADER = 8, 16


class CutOff(StructureError):
    """The bytes end inside what says what they are."""

    def __init__(self) -> None:
        super().__init__("the HEIC is cut off inside its header")


class Fields:
    """A cursor over the payload of one box. Raises StructureError instead of reading past its end."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self._at = 0

    def number(self, size: int) -> int:
        """Read the unsigned number of ``size`` bytes; zero bytes are 0."""
        return int.from_bytes(self.take(size), "big")

    def take(self, size: int) -> bytes:
        """Read ``size`` bytes."""
        if size > len(self._payload) - self._at:
            raise CutOff
        self._at += size
        return self._payload[self._at - size : self._at]

    def rest(self) -> bytes:
        """Read all that is left."""
        return self.take(len(self._payload) - self._at)

    def full_box(self) -> tuple[int, int]:
        """Read version and flags."""
        return self.number(1), self.number(3)


def outer_boxes(stream: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Walk the boxes of a file: type, place and length of the payload.

    The length is -1 for a box that claims more than there is: the file is cut, and this was its last.
    """
    end = stream.seek(0, 2)
    at = 0
    for _ in range(MOST_BOXES):
        if end - at < _HEADER:
            return
        stream.seek(at)
        header = stream.read(_LONG_HEADER)
        kind, begin, size = _header(header, end - at)
        if size < begin or size > end - at:
            yield kind, at + begin, -1
            return
        yield kind, at + begin, size - begin
        at += size


def inner_boxes(payload: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Walk the boxes inside one. Raises StructureError for one that is longer than what holds it, or too many."""
    at = 0
    count = 0
    while len(payload) - at >= _HEADER:
        kind, begin, size = _header(payload[at : at + _LONG_HEADER], len(payload) - at)
        count += 1
        if size < begin or size > len(payload) - at or count > MOST_BOXES:
            message = "the HEIC declares a box of impossible length"
            raise StructureError(message)
        yield kind, payload[at + begin : at + size]
        at += size


def _header(header: bytes, available: int) -> tuple[bytes, int, int]:
    """Return type, length of the header, length of the box as declared."""
    size, kind = int.from_bytes(header[:4], "big"), header[4:8]
    if size == 0:
        return kind, _HEADER, available
    if size == 1:
        return kind, _LONG_HEADER, int.from_bytes(header[8:16], "big")
    return kind, _HEADER, size
