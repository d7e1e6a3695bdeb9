"""Writes a scheme version as the workbook or CSV that `interpreting` reads back to the same content. Pure."""

import csv
from collections.abc import Iterator, Mapping
from io import BytesIO, StringIO
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from server.standards.content import COMPONENT, Condition, MinorClass, SchemeContent
from server.standards.rules import ALL_CLASSES, ALL_CONDITIONS, Shot
from server.standards.workbook.cells import EVERY
from server.standards.workbook.headings import LIMIT_COLUMNS, NAMES, PHOTO_COLUMNS, Column

SHEET = "立结案标准"
_EMPTY = "—"
_KINDS = {COMPONENT: "部件", "event": "事件"}
_ROLES = {"near": "近景", "far": "远景", "reference": "参照物", "before": "处置前", "after": "处置后", "check": "核查"}
_WIDE = {Column.FILING_CONDITION, Column.CLOSING_CONDITION, Column.LEGAL_BASIS, Column.NOTE}
_MERGED = (
    (Column.ISSUE_KIND, Column.MAJOR_CODE, Column.MAJOR_NAME, Column.MAJOR_NAME_EN),
    (Column.MINOR_CODE, Column.MINOR_NAME, Column.MINOR_NAME_EN),
)
_PLACES = {column: place for place, column in enumerate(NAMES)}
# A spreadsheet program computes what begins so.
_COMPUTED = ("=", "+", "-", "@")

Row = Mapping[Column, str]

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet


def to_csv(content: SchemeContent) -> bytes:
    """Return the table as CSV in UTF-8 with the mark by which spreadsheet programs know it."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow([names[0] for names in NAMES.values()])
    writer.writerows([_quoted(row[column]) for column in NAMES] for row in _rows(content))
    return text.getvalue().encode("utf-8-sig")


def to_xlsx(content: SchemeContent) -> bytes:
    """Return the table as a workbook, the codes and names of a class merged over its conditions as cities do."""
    # Only who takes a workbook away needs it.
    import xlsxwriter  # noqa: PLC0415 (see above)

    file = BytesIO()
    rows = list(_rows(content))
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold = book.add_format({"bold": True, "border": 1, "valign": "vcenter"})
        cell = book.add_format({"text_wrap": True, "border": 1, "valign": "vcenter"})
        sheet = book.add_worksheet(SHEET)
        sheet.freeze_panes(1, 0)
        for column, place in _PLACES.items():
            sheet.set_column(place, place, 36 if column in _WIDE else 13)
            sheet.write_string(0, place, NAMES[column][0], bold)
            for number, row in enumerate(rows, 1):
                sheet.write_string(number, place, row[column], cell)
        _merge(sheet, rows, cell)
    return file.getvalue()


def _merge(sheet: "Worksheet", rows: list[Row], cell: object) -> None:
    keys: tuple[Column, ...] = ()
    for columns in _MERGED:
        # A minor is merged within its major only, so its key has the major's columns too.
        keys = (*keys, *columns)
        marks = [tuple(row[column] for column in keys) for row in rows]
        begins = [0]
        for _mark, run in groupby(marks):
            begins.append(begins[-1] + len(list(run)))
        for first, after in pairwise(begins):
            if after - first > 1:
                for column in columns:
                    sheet.merge_range(first + 1, _PLACES[column], after, _PLACES[column], rows[first][column], cell)


def _rows(content: SchemeContent) -> Iterator[Row]:
    yield _row(content, None, Condition(ALL_CONDITIONS, "", ""), first=True)
    for one in content.classes.values():
        own = content.conditions.get(one.code) or (Condition(ALL_CONDITIONS, "", ""),)
        for place, condition in enumerate(own):
            yield _row(content, one, condition, first=place == 0)


def _row(content: SchemeContent, of: MinorClass | None, condition: Condition, *, first: bool) -> Row:
    code = ALL_CLASSES if of is None else of.code
    told = dict.fromkeys(NAMES, _EMPTY)
    told |= _names(of) | {
        Column.DISPOSING_UNIT: condition.disposing_unit,
        Column.SUPERVISING_UNIT: condition.supervising_unit,
        Column.FILING_CONDITION: condition.filing_condition,
        Column.CLOSING_CONDITION: condition.closing_condition,
        Column.SEASON: str(condition.season or ""),
        Column.LEGAL_BASIS: condition.legal_basis,
        Column.CLAUSE: condition.clause,
        Column.NOTE: condition.note,
    }
    limits = content.limits.get((code, condition.no), {})
    told |= {column: limits[stage].wording for column, stage in LIMIT_COLUMNS.items() if stage in limits}
    shots = content.shots.get(code, ()) if first else ()
    told |= {column: _photographs(shots, stage) for column, (stage, _usual) in PHOTO_COLUMNS.items()}
    return {column: text or _EMPTY for column, text in told.items()}


def _names(of: MinorClass | None) -> dict[Column, str]:
    if of is None:
        # Whatever kind it is filed under, the line speaks for both.
        return {
            Column.MAJOR_CODE: EVERY,
            Column.MAJOR_NAME: "全部",
            Column.MINOR_CODE: EVERY,
            Column.MINOR_NAME: "全部",
        }
    return {
        Column.ISSUE_KIND: _KINDS[of.issue_kind],
        Column.MAJOR_CODE: of.major_code,
        Column.MAJOR_NAME: of.major,
        Column.MAJOR_NAME_EN: of.major_en,
        Column.MINOR_CODE: of.minor_code,
        Column.MINOR_NAME: of.name,
        Column.MINOR_NAME_EN: of.name_en,
    }


def _photographs(shots: tuple[Shot, ...], stage: str) -> str:
    return " ".join(f"{_ROLES[shot.role]}{shot.count}" for shot in shots if shot.stage == stage)


def _quoted(text: str) -> str:
    return f"'{text}" if text.startswith(_COMPUTED) and text != _EMPTY else text
