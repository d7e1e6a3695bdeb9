"""Unpacks an XLSX file under limits, before any reader of workbooks sees it. Knows no sheet and no column.

A workbook is a ZIP of XML: five megabytes of it can hold gigabytes (a bomb), and one cell at the far corner of a sheet
makes a reader lay out seventeen thousand million cells. So every part is inflated and counted here, its cells' places
are looked at, and the reader gets a plain copy of exactly what was counted.
"""

import re
import zipfile
import zlib
from io import BytesIO
from xml.parsers import expat

from server.problems import Problem, _

MOST_ROWS = 20_000
# Above the data stand a title and a header.
_LAST_ROW = MOST_ROWS + 100
_LAST_COLUMN = 100
_MOST_UNPACKED = 64 * 1024 * 1024
_MOST_PARTS = 1000
_STEP = 1024 * 1024
_PLACE = re.compile(r"([A-Z]*)([0-9]+)")
# What a reader of XLSX needs. Pictures, macros and the binary and OpenDocument formats stay behind.
_NEEDED = re.compile(r"(?:\[Content_Types\]\.xml|_rels/.*\.rels|xl/.*\.(?:xml|rels))")


def unpacked(content: bytes) -> bytes:
    """Return the workbook as a ZIP without compression, of parts that were counted; raises bad-workbook."""
    plain = BytesIO()
    left = _MOST_UNPACKED
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed, zipfile.ZipFile(plain, "w") as copy:
            parts = [part for part in packed.infolist() if _NEEDED.fullmatch(part.filename)]
            if len(parts) > _MOST_PARTS:
                raise too_large()
            for part in parts:
                inflated = _inflate(packed, part, left)
                left -= len(inflated)
                if part.filename.endswith(".xml"):
                    _demand_bounded(inflated)
                copy.writestr(part.filename, inflated)
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, NotImplementedError, RuntimeError) as error:
        # RuntimeError is how zipfile says that a part is encrypted.
        raise unreadable() from error
    return plain.getvalue()


def unreadable() -> Problem:
    """Return the refusal of what is no sound workbook."""
    return Problem("bad-workbook", _("The file is no sound .xlsx workbook: open it and save it anew, or send CSV."))


def too_large() -> Problem:
    """Return the refusal of a workbook that is larger than any category table."""
    return Problem(
        "bad-workbook", _("The workbook is too large: 20,000 rows, 100 columns and 64 MiB of unpacked text at most.")
    )


def _inflate(packed: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> bytes:
    """Return a part's bytes, reading on only while they are within ``left``: its header may lie about its size."""
    found = BytesIO()
    with packed.open(part) as stream:
        while step := stream.read(_STEP):
            if found.tell() + len(step) > left:
                raise too_large()
            found.write(step)
    return found.getvalue()


def _demand_bounded(xml: bytes) -> None:
    """Refuse a cell or a row beyond the largest table; raises bad-workbook or ExpatError."""
    parser = expat.ParserCreate()
    parser.StartElementHandler = _look_at
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.Parse(xml, True)  # noqa: FBT003 (expat takes no keywords)


def _look_at(name: str, attributes: dict[str, str]) -> None:
    if name.rpartition(":")[2] not in {"c", "row"} or "r" not in attributes:
        return
    place = _PLACE.fullmatch(attributes["r"].strip().upper())
    if place is None:
        raise unreadable()
    if len(place[2]) > len(str(_LAST_ROW)) or int(place[2]) > _LAST_ROW or _number(place[1]) > _LAST_COLUMN:
        raise too_large()


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _refuse_doctype(*_declared: object) -> None:
    raise unreadable()
