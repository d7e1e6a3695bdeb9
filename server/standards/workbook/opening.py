"""Opens a category table: the bytes of an .xlsx or .csv file become sheets of plain text. Knows no column."""

import csv
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from server.problems import Problem, _
from server.standards.workbook.unpacking import MOST_ROWS, too_large, unpacked, unreadable

MOST_BYTES = 5 * 1024 * 1024
_ZIP = b"PK\x03\x04"
# What the spreadsheet program of twenty years ago wrote, and what an .xlsx with a password is.
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SEPARATORS = ",;\t"


@dataclass(frozen=True)
class Sheet:
    """A sheet's cells as text; row 1 of the file is at index 0, rows may differ in length."""

    name: str
    rows: Sequence[Sequence[str]]


def open_table(content: bytes) -> list[Sheet]:
    """Return the visible sheets of a workbook, or the one of a CSV file; raises bad-workbook or body-too-large."""
    if len(content) > MOST_BYTES:
        raise Problem("body-too-large", _("A category table may have 5 MiB."))
    if content.startswith(_ZIP):
        return _workbook(unpacked(content))
    if content.startswith(_OLD_OFFICE):
        raise Problem("bad-workbook", _("This is an old .xls file or has a password: save it as .xlsx or .csv."))
    return [Sheet("", _csv(_decoded(content)))]


def cleaned(text: str) -> str:
    """Return a cell's text on one line: without what nobody can see, and without line breaks that only fit a width."""
    text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(text.split())


def _workbook(plain: bytes) -> list[Sheet]:
    try:
        with CalamineWorkbook.from_filelike(BytesIO(plain)) as book:
            shown = [one.name for one in book.sheets_metadata if one.visible == SheetVisibleEnum.Visible]
            return [_sheet(book.get_sheet_by_name(name)) for name in shown]
    except CalamineError as error:
        raise unreadable() from error


def _sheet(sheet: CalamineSheet) -> Sheet:
    rows = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    _demand_few(rows)
    _spread(rows, sheet.merged_cell_ranges or ())
    return Sheet(cleaned(sheet.name), rows)


def _spread(rows: list[list[str]], ranges: Iterable[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    """Give every cell of a merged range the text of its first; raises bad-workbook if the ranges overlap for long."""
    left = sum(map(len, rows))
    for (top, first), (bottom, last) in ranges:
        if top >= len(rows) or first >= len(rows[top]):
            continue
        for row in rows[top : bottom + 1]:
            for place in range(first, min(last + 1, len(row))):
                row[place] = rows[top][first]
                left -= 1
        if left < 0:
            raise unreadable()


def _text(cell: object) -> str:
    # A spreadsheet keeps 4 as the fraction 4.0.
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cleaned(str(cell))


def _decoded(content: bytes) -> str:
    """Return a CSV file's text: UTF-8, UTF-16 with its mark, or what Chinese spreadsheet programs save, GB 18030."""
    encodings = ("utf-16",) if content.startswith(_UTF16) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Problem("bad-workbook", _("This is neither an .xlsx workbook nor a CSV text in UTF-8 or GB 18030."))


def _csv(text: str) -> list[list[str]]:
    head = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=head.count)
    read = csv.reader(StringIO(text, newline=""), delimiter=separator)
    try:
        rows = [[_unquoted(cleaned(cell)) for cell in row] for row in read]
    except csv.Error as error:
        told = _("The CSV text is broken: a quote is not closed or a cell is too long.")
        raise Problem("bad-workbook", told) from error
    _demand_few(rows)
    return rows


def _unquoted(cell: str) -> str:
    """Take off the quote with which `writing` keeps a spreadsheet program from computing a text."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in {*"=+-@"} else cell


def _demand_few(rows: Sequence[Sequence[str]]) -> None:
    if sum(1 for row in rows if any(row)) > MOST_ROWS:
        raise too_large()
