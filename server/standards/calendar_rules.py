"""What may be set in a calendar, and how a file of days is read. Pure."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

MOST_BYTES = 1024 * 1024
MOST_ROWS = 4000
LONGEST_NAME = 64
# The years that a date picker offers by mistake are refused; nobody's deadline lies there.
EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)

_HEADINGS = {
    "day": ("day", "date", "日期"),
    "workday": ("workday", "kind", "类型", "班休", "是否上班"),
    "name": ("name", "note", "名称", "说明", "备注"),
}
_WORKED = ("work", "workday", "1", "true", "yes", "班", "上班", "工作日", "是")
_FREE = ("rest", "holiday", "0", "false", "no", "休", "放假", "休息", "休息日", "节假日", "否")
_DATE = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))")


@dataclass(frozen=True)
class OwnDay:
    """A day that an agency sets: worked or free, and why."""

    day: date
    workday: bool
    name: str = ""


@dataclass(frozen=True)
class BadRow:
    """A row that was not taken: its number in the file (the heading is 1), the column's heading, and why."""

    row: int
    column: str
    reason: str

    def __str__(self) -> str:
        """Return one line for a report."""
        return f"row {self.row}, {self.column}: {self.reason}"


class Unreadable(Exception):
    """The file is none of ours; the sentence says what is expected."""


def read_days(content: bytes) -> tuple[list[OwnDay], list[BadRow]]:
    """Read a CSV file of days: good rows, and bad rows with their reasons. Raises Unreadable.

    The first row names the columns, in Chinese or English: 日期 / date, 类型 / workday (上班 or 放假, work or rest)
    and, if wanted, 名称 / name. UTF-8, or GB 18030 as Chinese Excel writes it.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(f"the file has over {MOST_BYTES // 1024} KiB: a calendar is smaller")
    rows = csv.reader(io.StringIO(_text(content), newline=""), strict=True)
    columns = _columns(next(rows, []))
    good: dict[date, OwnDay] = {}
    bad: list[BadRow] = []
    try:
        for number, cells in enumerate(rows, start=2):
            if number - 1 > MOST_ROWS:
                raise Unreadable(f"the file has over {MOST_ROWS} rows: a calendar has fewer")
            if any(cell.strip() for cell in cells):
                _take(number, cells, columns, good, bad)
    except csv.Error as error:
        raise Unreadable(f"the file is no CSV: {error}") from error
    return list(good.values()), bad


def parse_day(text: str) -> date:
    """Return the day of ``2026-02-14``, ``2026/2/14``, ``2026年2月14日`` or ``20260214``; raises ValueError."""
    found = _DATE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no date: write it like 2026-02-14")
    year, *rest = found.groups()
    try:
        day = date(int(year), *(int(part) for part in rest if part is not None))
    except ValueError as error:
        raise ValueError(f"{text!r} is no date: {error}") from error
    if not EARLIEST <= day <= LATEST:
        raise ValueError(f"{text!r} is not between {EARLIEST} and {LATEST}")
    return day


def parse_workday(text: str) -> bool:
    """Return True for 上班 / work and False for 放假 / rest; raises ValueError."""
    word = text.strip().lower()
    if word not in _WORKED + _FREE:
        raise ValueError(f"{text!r} is neither 上班 (work) nor 放假 (rest)")
    return word in _WORKED


def parse_name(text: str) -> str:
    """Return a name of one line; raises ValueError."""
    name = text.strip()
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(f"must be one line of at most {LONGEST_NAME} printable characters")
    return name


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Unreadable("the file is no text: save the sheet as CSV (UTF-8)")


def _columns(heading: Sequence[str]) -> dict[str, int]:
    names = [cell.strip().lower() for cell in heading]
    found = {key: names.index(known) for key, words in _HEADINGS.items() for known in words if known in names}
    if "day" not in found or "workday" not in found:
        raise Unreadable("the first row must name the columns 日期 (date) and 类型 (workday), and may name 名称 (name)")
    return found


def _take(
    number: int, cells: Sequence[str], columns: Mapping[str, int], good: dict[date, OwnDay], bad: list[BadRow]
) -> None:
    texts = {key: cells[place] if place < len(cells) else "" for key, place in columns.items()}
    wrong = list(_wrong(number, texts))
    if wrong:
        bad.extend(wrong)
        return
    found = OwnDay(parse_day(texts["day"]), parse_workday(texts["workday"]), parse_name(texts.get("name", "")))
    before = good.setdefault(found.day, found)
    if before != found:
        bad.append(BadRow(number, "day", f"{found.day} stands in the file twice, and otherwise"))


def _wrong(number: int, texts: Mapping[str, str]) -> Iterator[BadRow]:
    for column, parse in (("day", parse_day), ("workday", parse_workday), ("name", parse_name)):
        try:
            parse(texts.get(column, ""))
        except ValueError as error:
            yield BadRow(number, column, str(error))
