"""Makes a scheme version's content of a category table, and a report that names every bad row. Pure.

A good row goes in whatever the others say; a bad one is left out whole, with each of its columns that cannot be read.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from server.problems import Problem, _
from server.standards.content import Condition, Limits, MinorClass, SchemeContent
from server.standards.rules import ALL_CLASSES, ALL_CONDITIONS, Shot, in_order
from server.standards.seasons import Season
from server.standards.workbook import cells
from server.standards.workbook.cells import EVERY, Misread
from server.standards.workbook.headings import LIMIT_COLUMNS, NAMES, PHOTO_COLUMNS, Column, find_header, lacking
from server.standards.workbook.merged import NOTHING, Line, filled
from server.standards.workbook.opening import Sheet

MOST_CLASSES, MOST_CONDITIONS = 2000, 50
Read = TypeVar("Read")


@dataclass(frozen=True)
class Finding:
    """Why a row was left out: its sheet and number in the file, the column's heading, the reason as a message id."""

    sheet: str
    row: int
    column: Column
    heading: str
    reason: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Report:
    """What a table says, how many rows it has, and which of them were left out."""

    content: SchemeContent
    rows_read: int
    findings: tuple[Finding, ...]
    has_photos: bool

    @property
    def bad_rows(self) -> int:
        """Return how many rows were left out."""
        return len({(one.sheet, one.row) for one in self.findings})

    @property
    def rows_stored(self) -> int:
        """Return how many rows went in."""
        return self.rows_read - self.bad_rows


def interpret(sheets: Sequence[Sheet]) -> Report:
    """Read all sheets that have a header; raises bad-workbook if none has, or if one lacks a needed column."""
    table = _Table()
    photos = False
    for sheet in sheets:
        found = find_header(sheet.rows)
        if found is None:
            continue
        top, places = found
        if missing := lacking(places):
            told = _("The header row lacks columns; they are listed under missing.")
            raise Problem("bad-workbook", told, missing=missing, sheet=sheet.name)
        photos = photos or any(column in places for column in PHOTO_COLUMNS)
        for line in filled(_lines(sheet, top, places)):
            table.take(line)
    if not table.rows_read:
        told = _("No header row was found, or nothing stands below it: name the columns as the listed ones.")
        raise Problem("bad-workbook", told, missing=lacking({}))
    return Report(table.content(), table.rows_read, tuple(table.findings), photos)


def _lines(sheet: Sheet, top: int, places: dict[Column, int]) -> Iterator[Line]:
    # A sheet that is called 部件 says for all its rows what a column would say for each.
    kind = cells.kind_of(sheet.name) if Column.ISSUE_KIND not in places else None
    for number, row in enumerate(sheet.rows[top + 1 :], top + 2):
        told = {column: row[place] for column, place in places.items() if place < len(row)}
        if kind is not None and any(told.values()):
            told[Column.ISSUE_KIND] = kind
        yield Line(sheet.name, number, told)


@dataclass
class _Row:
    """What a line says once all of its cells are read."""

    of: MinorClass | None
    condition: Condition
    limits: Limits
    shots: tuple[Shot, ...]


@dataclass
class _Table:
    """What the lines have said so far."""

    rows_read: int = 0
    findings: list[Finding] = field(default_factory=list)
    classes: dict[str, MinorClass] = field(default_factory=dict)
    conditions: dict[str, list[Condition]] = field(default_factory=dict)
    limits: dict[tuple[str, int], Limits] = field(default_factory=dict)
    shots: dict[str, tuple[Shot, ...]] = field(default_factory=dict)
    names: dict[tuple[str, ...], tuple[str, int]] = field(default_factory=dict)
    seen: dict[tuple[str, str, Season | None], int] = field(default_factory=dict)

    def take(self, line: Line) -> None:
        """Read a line and keep it if it is good, else report all that is wrong with it."""
        self.rows_read += 1
        reading = _Reading()
        row = self._read(line, reading)
        if not reading.wrong:
            reading.of(self._keep, line, row)
        self.findings += [
            Finding(line.sheet, line.number, one.column, NAMES[one.column][0], one.reason, one.values)
            for one in reading.wrong
        ]

    def content(self) -> SchemeContent:
        """Return what the good rows say."""
        conditions = {code: tuple(rows) for code, rows in self.conditions.items()}
        return SchemeContent(self.classes, conditions, self.limits, self.shots)

    def _read(self, line: Line, reading: "_Reading") -> _Row:
        every = line.text(Column.MINOR_CODE) == EVERY
        of = None if every else reading.of(self._class, line)
        shots = [reading.of(cells.photographs, line, column) or () for column in PHOTO_COLUMNS]
        limits = {stage: reading.of(cells.limit, line, column) for column, stage in LIMIT_COLUMNS.items()}
        return _Row(
            of,
            _condition(line, reading, whole=every or line.written(Column.FILING_CONDITION) in NOTHING),
            {stage: written for stage, written in limits.items() if written is not None},
            in_order(shot for stage in shots for shot in stage),
        )

    def _class(self, line: Line) -> MinorClass:
        kind = cells.issue_kind(line)
        major = cells.major_code(line)
        major_name = cells.name(line, Column.MAJOR_NAME)
        self._demand_same(line, Column.MAJOR_NAME, (kind, major), major_name)
        minor = cells.minor_code(line, major)
        minor_name = cells.name(line, Column.MINOR_NAME)
        self._demand_same(line, Column.MINOR_NAME, (kind, major, minor), minor_name)
        english = (cells.words(line, column) for column in (Column.MAJOR_NAME_EN, Column.MINOR_NAME_EN))
        return MinorClass(kind, major, minor, major_name, minor_name, *english)

    def _demand_same(self, line: Line, column: Column, code: tuple[str, ...], name: str) -> None:
        first, row = self.names.setdefault(code, (name, line.number))
        if first != name:
            reason = _("Row %(row)s calls the same code “%(name)s”.")
            raise Misread(column, reason, row=row, name=first)

    def _keep(self, line: Line, row: _Row) -> None:
        code = ALL_CLASSES if row.of is None else row.of.code
        told, own = row.condition, self.conditions.get(code, [])
        key = (code, told.filing_condition, told.season)
        if key in self.seen:
            raise Misread(Column.FILING_CONDITION, _("Row %(row)s has the same condition."), row=self.seen[key])
        if len(own) >= MOST_CONDITIONS:
            raise Misread(Column.FILING_CONDITION, _("A class may have %(most)s conditions."), most=MOST_CONDITIONS)
        if code not in self.classes and len(self.classes) >= MOST_CLASSES:
            raise Misread(Column.MINOR_CODE, _("A scheme may have %(most)s minor classes."), most=MOST_CLASSES)
        if row.shots and self.shots.setdefault(code, row.shots) != row.shots:
            raise Misread(Column.REPORT_PHOTOS, _("An earlier row of this class asks for other photographs."))
        self.seen[key] = line.number
        number = sum(one.no > ALL_CONDITIONS for one in own) + 1 if told.filing_condition else ALL_CONDITIONS
        if row.of is not None:
            self.classes.setdefault(code, row.of)
            if told != Condition(ALL_CONDITIONS, "", ""):
                self.conditions[code] = [*own, replace(told, no=number)]
        if row.limits:
            self.limits[code, number] = row.limits


def _condition(line: Line, reading: "_Reading", *, whole: bool) -> Condition:
    """Return a line's condition, still without its number; ``whole``: the line is about the class itself."""
    closing = cells.words if whole else cells.demanded
    return Condition(
        ALL_CONDITIONS,
        "" if whole else reading.of(cells.demanded, line, Column.FILING_CONDITION) or "",
        reading.of(closing, line, Column.CLOSING_CONDITION) or "",
        reading.of(cells.words, line, Column.DISPOSING_UNIT) or "",
        reading.of(cells.words, line, Column.SUPERVISING_UNIT) or "",
        reading.of(cells.words, line, Column.LEGAL_BASIS) or "",
        reading.of(cells.words, line, Column.CLAUSE) or "",
        reading.of(cells.words, line, Column.NOTE) or "",
        reading.of(cells.season, line),
    )


class _Reading:
    """Reads cells one after the other and remembers what went wrong: a bad row is named with all its bad columns."""

    def __init__(self) -> None:
        self.wrong: list[Misread] = []

    def of(self, read: Callable[..., Read], *told: object) -> Read | None:
        """Return what ``read`` makes of its arguments, or None and remember why not."""
        try:
            return read(*told)
        except Misread as misread:
            self.wrong.append(misread)
            return None
