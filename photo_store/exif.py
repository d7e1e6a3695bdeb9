"""Facts out of an Exif block (TIFF 6.0; Exif 2.32, CIPA DC-008): what the camera *claims*.

The block comes from a stranger. Nothing in it may raise, loop or grow: every value is read from a fixed place
behind bounds, next-directory chains are never followed, and what does not make sense is no fact (None). Exif
times have no zone unless the camera wrote one; none is invented here.
"""

import math
import re
import struct
from dataclasses import dataclass
from datetime import datetime

__all__ = ["ExifFacts", "read_exif"]

TEXT_LENGTH = 64
MAX_ENTRIES = 512
MAX_VALUE_BYTES = 4096
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}  # BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED
_MAKE, _MODEL, _ORIENTATION, _SOFTWARE, _EXIF, _GPS = 0x010F, 0x0110, 0x0112, 0x0131, 0x8769, 0x8825
_TAKEN_AT, _OFFSET = 0x9003, 0x9011
_LAT_REF, _LAT, _LON_REF, _LON = 1, 2, 3, 4
_ZONE = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")


@dataclass(frozen=True, slots=True)
class ExifFacts:
    """``taken_at``: ISO 8601, with an offset only if the camera wrote one. ``lon``, ``lat``: degrees, WGS 84."""

    orientation: int = 1
    taken_at: str | None = None
    lon: float | None = None
    lat: float | None = None
    make: str | None = None
    model: str | None = None
    software: str | None = None


def read_exif(block: bytes | None) -> ExifFacts:
    """Read the facts of a TIFF block (without the ``Exif`` header). Never raises."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get((block or b"")[:4])
    if block is None or order is None:
        return ExifFacts()
    tiff = _Tiff(block, order)
    main = tiff.directory(tiff.number(4, "I"))
    camera = tiff.directory(main.long(_EXIF))
    place = tiff.directory(main.long(_GPS))
    lat = _degrees(place, _LAT, _LAT_REF, "NS", 90)
    lon = _degrees(place, _LON, _LON_REF, "EW", 180)
    orientation = main.long(_ORIENTATION)
    return ExifFacts(
        orientation=orientation if orientation is not None and 1 <= orientation <= 8 else 1,  # noqa: PLR2004  # Exif
        taken_at=_time(camera.text(_TAKEN_AT), camera.text(_OFFSET)),
        lon=lon if lat is not None else None,
        lat=lat if lon is not None else None,
        make=main.text(_MAKE),
        model=main.text(_MODEL),
        software=main.text(_SOFTWARE),
    )


def _time(text: str | None, zone: str | None) -> str | None:
    try:
        moment = datetime.strptime(text or "", "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007  # Exif time has no zone
    except ValueError:
        return None
    return moment.isoformat() + (zone if zone and _ZONE.fullmatch(zone) else "")


def _degrees(place: "_Directory", tag: int, ref_tag: int, signs: str, limit: int) -> float | None:
    parts = place.rationals(tag)
    ref = place.text(ref_tag)
    if len(parts) != 3 or ref is None or ref.upper() not in signs:  # noqa: PLR2004  # degrees, minutes, seconds
        return None
    degrees = parts[0] + parts[1] / 60 + parts[2] / 3600
    if not math.isfinite(degrees) or degrees > limit:
        return None
    return round(-degrees if ref.upper() == signs[1] else degrees, 7)


class _Tiff:
    """Bounds-checked reading of numbers in one byte order."""

    def __init__(self, block: bytes, order: str) -> None:
        self.block = block
        self._order = order

    def number(self, at: int, form: str) -> int | None:
        """Read the unsigned number at ``at`` (``H`` 16 bit, ``I`` 32 bit), or None outside the block."""
        if not 0 <= at <= len(self.block) - struct.calcsize(form):
            return None
        (number,) = struct.unpack_from(self._order + form, self.block, at)
        return int(number)

    def directory(self, at: int | None) -> "_Directory":
        """Read the entries of the directory at ``at``: tag -> (type, count, place of the value). Empty if nonsense."""
        entries: dict[int, tuple[int, int, int]] = {}
        count = None if at is None else self.number(at, "H")
        for index in range(min(count or 0, MAX_ENTRIES)):
            entry = (at or 0) + 2 + 12 * index
            tag, kind, values = self.number(entry, "H"), self.number(entry + 2, "H"), self.number(entry + 4, "I")
            if tag is None or kind not in _SIZES or not values:
                continue
            inline = _SIZES[kind] * values <= 4  # noqa: PLR2004  # up to four bytes stand in the entry itself
            place = entry + 8 if inline else self.number(entry + 8, "I")
            if place is not None and tag not in entries:
                entries[tag] = (kind, values, place)
        return _Directory(self, entries)


class _Directory:
    """Typed values of one directory; None or empty whenever the entry lies."""

    def __init__(self, tiff: _Tiff, entries: dict[int, tuple[int, int, int]]) -> None:
        self._tiff = tiff
        self._entries = entries

    def long(self, tag: int) -> int | None:
        kind, _, place = self._entries.get(tag, (0, 0, 0))
        forms = {3: "H", 4: "I"}
        return self._tiff.number(place, forms[kind]) if kind in forms else None

    def text(self, tag: int) -> str | None:
        """Read the text up to the first NUL, without control characters, at most 64 characters; None if empty."""
        kind, count, place = self._entries.get(tag, (0, 0, 0))
        if kind != 2 or place + count > len(self._tiff.block):  # noqa: PLR2004  # ASCII, though phones write UTF-8
            return None
        raw = self._tiff.block[place : place + min(count, MAX_VALUE_BYTES)].split(b"\0")[0]
        shown = "".join(letter for letter in raw.decode("utf-8", "replace") if letter.isprintable())
        return shown.strip()[:TEXT_LENGTH].strip() or None

    def rationals(self, tag: int) -> list[float]:
        kind, count, place = self._entries.get(tag, (0, 0, 0))
        if kind != 5 or count > 3:  # noqa: PLR2004  # RATIONAL; nothing we read has more than three
            return []
        starts = range(place, place + 8 * count, 8)
        pairs = [(self._tiff.number(at, "I"), self._tiff.number(at + 4, "I")) for at in starts]
        return [above / below for above, below in pairs if above is not None and below]
