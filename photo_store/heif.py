"""The structure of a HEIC file, read without decoding a pixel (ISO/IEC 23008-12; MIAF, ISO/IEC 23000-22).

Finds the primary picture, its size, how it lies, and the Exif block. How it lies is said by the file's own properties
``irot`` and ``imir``; the Exif orientation repeats that for the camera's sake and does not count, as in all viewers.
Accepted is what phones write: one HEVC picture, whole or as a grid of tiles. Knows no Pillow and no libheif.
"""

from dataclasses import dataclass, field
from typing import BinaryIO

from photo_store.boxes import CutOff, Fields, outer_boxes
from photo_store.heif_meta import IN_FILE, IN_IDAT, Meta, read_meta
from photo_store.scan import StructureError

__all__ = ["HeicStructure", "scan_heic"]

MOST_META = 1024 * 1024
MOST_EXIF = 256 * 1024
_CODINGS = {b"hvc1", b"grid"}
_MOST_CHANNELS, _MOST_BITS = 4, 16
# The corners of the stored picture (top left, top right, bottom left, bottom right) as each orientation shows them.
_ORIENTATIONS = {
    (0, 1, 2, 3): 1,
    (1, 0, 3, 2): 2,
    (3, 2, 1, 0): 3,
    (2, 3, 0, 1): 4,
    (0, 2, 1, 3): 5,
    (2, 0, 3, 1): 6,
    (3, 1, 2, 0): 7,
    (1, 3, 0, 2): 8,
}


@dataclass(slots=True)
class HeicStructure:
    """Size as stored, the Exif orientation that the file's transformations amount to, and the TIFF block of its Exif.

    ``sizes``: those of all pictures in the file (tiles, thumbnails, masks): each could be decoded.
    """

    width: int
    height: int
    orientation: int = 1
    exif: bytes | None = None
    sizes: list[tuple[int, int]] = field(default_factory=list)


def scan_heic(stream: BinaryIO) -> HeicStructure:
    """Read the structure of a file whose brand says HEIF. Raises StructureError."""
    for kind, at, length in outer_boxes(stream):
        if kind == b"meta":
            if length < 0:
                raise CutOff
            if length > MOST_META:
                message = "the HEIC has a header of impossible length"
                raise StructureError(message)
            stream.seek(at)
            meta = read_meta(stream.read(length))
            break
    else:
        message = "the HEIC is cut off before it says what it shows"
        raise StructureError(message)
    found = _primary(meta)
    found.exif = _exif(meta, stream)
    return found


def _primary(meta: Meta) -> HeicStructure:
    kind = meta.kinds.get(meta.primary) if meta.primary is not None else None
    if kind == b"av01":
        message = "this is an AVIF file"
        raise StructureError(message)
    if meta.primary is None or kind not in _CODINGS:
        message = "the HEIC does not show one picture coded as phones do (HEVC, whole or in tiles)"
        raise StructureError(message)
    sizes = [_size(payload) for name, payload in meta.properties if name == b"ispe"]
    own = [meta.properties[nth - 1] for nth in meta.owned.get(meta.primary, []) if 0 < nth <= len(meta.properties)]
    declared = {_size(payload) for name, payload in own if name == b"ispe"}
    if len(declared) != 1:
        message = "the HEIC does not declare the size of its picture, or twice"
        raise StructureError(message)
    ((width, height),) = declared
    if not width or not height:
        message = "the HEIC declares an empty picture"
        raise StructureError(message)
    for name, payload in own:
        if name == b"pixi":
            _check_depth(Fields(payload))
    return HeicStructure(width, height, _orientation(own), None, sizes)


def _size(payload: bytes) -> tuple[int, int]:
    fields = Fields(payload)
    fields.full_box()
    return fields.number(4), fields.number(4)


def _check_depth(fields: Fields) -> None:
    fields.full_box()
    channels = fields.number(1)
    if not 0 < channels <= _MOST_CHANNELS or any(not 0 < fields.number(1) <= _MOST_BITS for _ in range(channels)):
        message = "the HEIC declares channels that no camera has"
        raise StructureError(message)


def _orientation(own: list[tuple[bytes, bytes]]) -> int:
    corners = (0, 1, 2, 3)
    for name, payload in own:
        top_left, top_right, bottom_left, bottom_right = corners
        if name == b"irot":
            for _ in range(Fields(payload).number(1) & 3):  # quarter turns against the clock
                top_left, top_right, bottom_left, bottom_right = top_right, bottom_right, top_left, bottom_left
        elif name == b"imir" and Fields(payload).number(1) & 1:
            top_left, top_right, bottom_left, bottom_right = top_right, top_left, bottom_right, bottom_left
        elif name == b"imir":
            top_left, top_right, bottom_left, bottom_right = bottom_left, bottom_right, top_left, top_right
        corners = (top_left, top_right, bottom_left, bottom_right)
    return _ORIENTATIONS[corners]


def _exif(meta: Meta, stream: BinaryIO) -> bytes | None:
    """Read the TIFF block of the first Exif item; None if there is none or its place makes no sense."""
    item = next((item for item, kind in meta.kinds.items() if kind == b"Exif"), None)
    how, runs = meta.places.get(item, (IN_FILE, [])) if item is not None else (IN_FILE, [])
    if len(runs) != 1 or how not in (IN_FILE, IN_IDAT):
        return None
    ((offset, length),) = runs
    if how == IN_IDAT:
        block = meta.idat[offset : offset + length][:MOST_EXIF]
    else:
        stream.seek(min(offset, stream.seek(0, 2)))
        block = stream.read(min(length, MOST_EXIF))
    start = 4 + int.from_bytes(block[:4], "big")
    return block[start:] or None
