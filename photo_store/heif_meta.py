"""What the ``meta`` box of a HEIC says, as it says it (ISO/IEC 14496-12, 8.11; ISO/IEC 23008-12, 9.3).

Of boxes that may stand once the first counts. Judges nothing.
"""

from dataclasses import dataclass, field

from photo_store.boxes import Fields, inner_boxes

__all__ = ["IN_FILE", "IN_IDAT", "Meta", "read_meta"]

IN_FILE, IN_IDAT = 0, 1  # iloc, construction_method


@dataclass(slots=True)
class Meta:
    """Types and places of items, properties, and which item has which (by number, from 1, in their order).

    ``places``: for each item how its places are meant (IN_FILE, IN_IDAT) and its runs of (offset, length).
    """

    primary: int | None = None
    kinds: dict[int, bytes] = field(default_factory=dict)
    places: dict[int, tuple[int, list[tuple[int, int]]]] = field(default_factory=dict)
    properties: list[tuple[bytes, bytes]] = field(default_factory=list)
    owned: dict[int, list[int]] = field(default_factory=dict)
    idat: bytes = b""


def read_meta(payload: bytes) -> Meta:
    """Read the payload of a meta box. Raises StructureError."""
    meta = Meta()
    fields = Fields(payload)
    fields.full_box()
    for kind, inner in inner_boxes(fields.rest()):
        if kind == b"pitm" and meta.primary is None:
            meta.primary = _primary_id(Fields(inner))
        elif kind == b"iinf" and not meta.kinds:
            meta.kinds = _kinds(Fields(inner))
        elif kind == b"iloc" and not meta.places:
            meta.places = _places(Fields(inner))
        elif kind == b"iprp" and not meta.properties:
            _read_properties(meta, inner)
        elif kind == b"idat":
            meta.idat = inner
    return meta


def _primary_id(fields: Fields) -> int:
    version, _ = fields.full_box()
    return fields.number(2 if version == 0 else 4)


def _kinds(fields: Fields) -> dict[int, bytes]:
    version, _ = fields.full_box()
    fields.number(2 if version == 0 else 4)
    kinds: dict[int, bytes] = {}
    for kind, payload in inner_boxes(fields.rest()):
        entry = Fields(payload)
        entry_version, _ = entry.full_box()
        if kind == b"infe" and entry_version in (2, 3):
            item = entry.number(2 if entry_version == 2 else 4)  # noqa: PLR2004  # 14496-12, 8.11.6
            entry.number(2)
            kinds.setdefault(item, entry.take(4))
    return kinds


def _read_properties(meta: Meta, payload: bytes) -> None:
    for kind, inner in inner_boxes(payload):
        if kind == b"ipco" and not meta.properties:
            meta.properties = list(inner_boxes(inner))
        elif kind == b"ipma":
            fields = Fields(inner)
            version, flags = fields.full_box()
            for _ in range(fields.number(4)):
                item = fields.number(2 if version == 0 else 4)
                size, mask = (2, 0x7FFF) if flags & 1 else (1, 0x7F)  # the highest bit: whether it is essential
                meta.owned.setdefault(item, []).extend(fields.number(size) & mask for _ in range(fields.number(1)))


def _places(fields: Fields) -> dict[int, tuple[int, list[tuple[int, int]]]]:
    """Return where each item lies: how its places are meant, and its runs of (offset, length)."""
    version, _ = fields.full_box()
    widths, more_widths = fields.number(1), fields.number(1)
    offset_size, length_size, base_size = widths >> 4, widths & 15, more_widths >> 4
    index_size = more_widths & 15 if version else 0
    wide = version >= 2  # noqa: PLR2004  # 14496-12, 8.11.3
    places: dict[int, tuple[int, list[tuple[int, int]]]] = {}
    for _ in range(fields.number(4 if wide else 2)):
        item = fields.number(4 if wide else 2)
        how = fields.number(2) & 15 if version else IN_FILE
        fields.number(2)
        base = fields.number(base_size)
        runs = []
        for _ in range(fields.number(2)):
            fields.number(index_size)
            runs.append((base + fields.number(offset_size), fields.number(length_size)))
        places.setdefault(item, (how, runs))
    return places
