"""Gives blank cells what stands above them: in a category table a blank means "same as above". Pure.

How far down a text reaches depends on what it says: a major class until the next one, a minor class and its conditions
until the next minor, a unit until the next major. A note, a season and photographs are of their own row only.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from server.standards.workbook.headings import LIMIT_COLUMNS, Column

# Written where a cell is empty and nothing above is meant.
NOTHING = frozenset({"—", "-", "--", "——", "/", "无"})
_MAJOR = (Column.MAJOR_CODE, Column.MAJOR_NAME, Column.MAJOR_NAME_EN)
_MINOR = (Column.MINOR_CODE, Column.MINOR_NAME, Column.MINOR_NAME_EN)
_UNITS = (Column.DISPOSING_UNIT, Column.SUPERVISING_UNIT)
_OF_MINOR = (
    Column.FILING_CONDITION,
    Column.CLOSING_CONDITION,
    Column.LEGAL_BASIS,
    Column.CLAUSE,
    *LIMIT_COLUMNS,
)


@dataclass(frozen=True)
class Line:
    """A row of the table with every cell that is meant; ``number`` is the row's in the spreadsheet, from 1."""

    sheet: str
    number: int
    cells: Mapping[Column, str]

    def text(self, column: Column) -> str:
        """Return a cell, empty where the table says that there is nothing."""
        told = self.written(column)
        return "" if told in NOTHING else told

    def written(self, column: Column) -> str:
        """Return a cell as it stands in the file; empty where the table has no such column."""
        return self.cells.get(column, "")


def filled(lines: Iterable[Line]) -> Iterator[Line]:
    """Return the lines, those without any text left out, with blanks filled from above."""
    above: Mapping[Column, str] = {}
    for line in lines:
        if not any(line.cells.values()):
            continue
        above = _filled(line.cells, above)
        yield Line(line.sheet, line.number, above)


def _filled(own: Mapping[Column, str], above: Mapping[Column, str]) -> dict[Column, str]:
    cells = dict(own)
    _inherit(cells, above, (Column.ISSUE_KIND,))
    same_kind = _same(cells, above, Column.ISSUE_KIND)
    same_major = same_kind and _continues(cells, above, Column.MAJOR_CODE, Column.MAJOR_NAME)
    if same_major:
        _inherit(cells, above, (*_MAJOR, *_UNITS))
    if same_major and _continues(cells, above, Column.MINOR_CODE, Column.MINOR_NAME):
        _inherit(cells, above, (*_MINOR, *_OF_MINOR))
    return cells


def _continues(cells: Mapping[Column, str], above: Mapping[Column, str], code: Column, name: Column) -> bool:
    """Tell whether a line belongs to the class above it: by the code, where that is blank by the name."""
    if cells.get(code):
        return _same(cells, above, code)
    return not cells.get(name) or _same(cells, above, name)


def _same(cells: Mapping[Column, str], above: Mapping[Column, str], column: Column) -> bool:
    return cells.get(column, "") == above.get(column, "")


def _inherit(cells: dict[Column, str], above: Mapping[Column, str], columns: Iterable[Column]) -> None:
    for column in columns:
        if not cells.get(column) and above.get(column):
            cells[column] = above[column]
