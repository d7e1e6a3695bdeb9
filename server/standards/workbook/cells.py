"""Reads single cells of a category table; what cannot be read is a `Misread` with a reason for the report. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from server.problems import _
from server.standards.content import COMPONENT, EVENT, WrittenLimit
from server.standards.rules import MOST_OF_A_SHOT, ROLES, Shot
from server.standards.seasons import Season, parse_season
from server.standards.timing import parse_limit
from server.standards.workbook.headings import PHOTO_COLUMNS, Column
from server.standards.workbook.merged import Line

MOST_NAME, MOST_TEXT = 100, 500
# The code of the line that speaks for all classes.
EVERY = "*"
_KINDS = {
    "部件": COMPONENT,
    "部件类": COMPONENT,
    "component": COMPONENT,
    "事件": EVENT,
    "事件类": EVENT,
    "event": EVENT,
}
_ROLE_WORDS = {
    "近景": "near",
    "远景": "far",
    "参照物": "reference",
    "处置前": "before",
    "处置后": "after",
    "核查": "check",
} | {role: role for role in ROLES}
_PHOTOS = re.compile(r"([^\d\s,、;]+?)\s*(\d{1,2})\s*张?[\s,、;]*")
_MAJOR_CODE = re.compile(r"[0-9]{2}")
_MINOR_CODE = re.compile(r"[0-9]{2,3}")


class Misread(Exception):
    """A cell that cannot be read: its column, the reason as a message id and what the message names."""

    def __init__(self, column: Column, reason: str, **values: Any) -> None:  # noqa: ANN401 (texts and numbers)
        super().__init__(column, reason)
        self.column, self.reason = column, reason
        # A cell may hold a page; the report quotes its beginning.
        self.values = {key: told[:MOST_NAME] if isinstance(told, str) else told for key, told in values.items()}


def kind_of(text: str) -> str | None:
    """Return component or event for a cell or a sheet's name that says so, else None."""
    told = text.lower()
    exact = _KINDS.get(told)
    if exact is not None:
        return exact
    named = {kind for word, kind in _KINDS.items() if word in told}
    return named.pop() if len(named) == 1 else None


def issue_kind(line: Line) -> str:
    """Return component or event."""
    told = line.written(Column.ISSUE_KIND)
    found = kind_of(told)
    if found is None:
        raise Misread(Column.ISSUE_KIND, _("Say 部件 (component) or 事件 (event), not “%(text)s”."), text=told)
    return found


def major_code(line: Line) -> str:
    """Return two digits; a spreadsheet drops the leading zero of a number."""
    code = line.text(Column.MAJOR_CODE).zfill(2)
    if not _MAJOR_CODE.fullmatch(code):
        raise Misread(
            Column.MAJOR_CODE, _("A major code has two digits, not “%(text)s”."), text=line.text(Column.MAJOR_CODE)
        )
    return code


def minor_code(line: Line, major: str) -> str:
    """Return two digits, or the three of the drafts, without the major code that some tables write before them."""
    told = line.text(Column.MINOR_CODE)
    code = told.zfill(2)
    whole = len(major) + 2
    if not _MINOR_CODE.fullmatch(code.removeprefix(major) if len(code) >= whole else code):
        raise Misread(Column.MINOR_CODE, _("A minor code has two or three digits, not “%(text)s”."), text=told)
    return code.removeprefix(major) if len(code) >= whole else code


def name(line: Line, column: Column) -> str:
    """Return the name of a class, which must be there."""
    told = line.text(column)
    if not told:
        raise Misread(column, _("The name is missing."))
    return shorter(told, column, MOST_NAME)


def words(line: Line, column: Column) -> str:
    """Return a text that may be empty."""
    return shorter(line.text(column), column, MOST_TEXT)


def demanded(line: Line, column: Column) -> str:
    """Return a text that the table must give, or say by a dash that there is none."""
    if not line.written(column):
        raise Misread(column, _("The text is missing; write — if there is none."))
    return words(line, column)


def shorter(text: str, column: Column, most: int) -> str:
    """Return ``text``; raises Misread if it has more than ``most`` characters."""
    if len(text) > most:
        raise Misread(column, _("The text has more than %(most)s characters."), most=most)
    return text


def limit(line: Line, column: Column) -> WrittenLimit | None:
    """Return a time limit with its wording, None where the table gives none."""
    told = line.text(column)
    if not told:
        if column is Column.LIMIT and not line.written(column):
            raise Misread(column, _("The time limit is missing; write — if there is none."))
        return None
    try:
        return WrittenLimit(parse_limit(told), told)
    except ValueError as error:
        reason = _("“%(text)s” is no time limit: write a number and 紧急工作时, 工作时, 工作日 or 自然日.")
        raise Misread(column, reason, text=told) from error


def season(line: Line) -> Season | None:
    """Return the season of a row, None for the whole year."""
    told = line.text(Column.SEASON)
    if not told:
        return None
    try:
        return parse_season(told)
    except ValueError as error:
        reason = _("“%(text)s” is no season: write 02-15~04-15.")
        raise Misread(Column.SEASON, reason, text=told) from error


def photographs(line: Line, column: Column) -> tuple[Shot, ...]:
    """Return the photographs of a stage: a bare number of the stage's usual role, or roles with numbers (near 1 far 1).

    Empty where the table says nothing.
    """
    told = line.text(column)
    stage, usual = PHOTO_COLUMNS[column]
    if told.isascii() and told.isdecimal():
        counts: Mapping[str, int] = {usual: int(told[:4])}
    else:
        found = _PHOTOS.findall(told)
        counts = {_ROLE_WORDS.get(role.lower(), ""): int(count) for role, count in found}
        if _PHOTOS.sub("", told) or len(counts) < len(found) or "" in counts:
            counts = {usual: 0}
    if not told:
        return ()
    if not all(1 <= count <= MOST_OF_A_SHOT for count in counts.values()):
        reason = _("“%(text)s” is no count of photographs: write 1 to %(most)s, or such as near 1 far 1.")
        raise Misread(column, reason, text=told, most=MOST_OF_A_SHOT)
    return tuple(Shot(stage, role, count) for role, count in counts.items())
