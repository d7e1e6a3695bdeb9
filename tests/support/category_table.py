"""Category tables for tests: rows as lists of texts, written as CSV or as a workbook with merged cells."""

import csv
from collections.abc import Iterable, Sequence
from io import BytesIO, StringIO

import xlsxwriter

HEADER = (
    "问题类型",
    "大类代码",
    "大类名称",
    "小类代码",
    "小类名称",
    "处置部门",
    "主管部门",
    "立案条件",
    "结案条件",
    "处置时限",
)
WIDTH = len(HEADER)


def row(minor: str, name: str, condition: str, limit: str = "4工作时", **cells: str) -> list[str]:
    """Return a good row of event class 01; ``cells`` by heading replace single ones."""
    told = ["事件", "01", "市容环境", minor, name, "环卫所", "城管局", condition, "已清除", limit]
    return [cells.get(heading, text) for heading, text in zip(HEADER, told, strict=True)]


def as_csv(rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER, encoding: str = "utf-8-sig") -> bytes:
    """Return the table as a CSV file."""
    text = StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode(encoding)


def as_xlsx(
    rows: Sequence[Sequence[str | float]],
    header: Sequence[str] = HEADER,
    *,
    merged: Iterable[tuple[int, int, int]] = (),
    title: str | None = None,
    sheet: str = "Sheet1",
) -> bytes:
    """Return the table as a workbook; ``merged``: (first row, last row, column), rows counted below the header."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        page = book.add_worksheet(sheet)
        top = 0 if title is None else 1
        if title is not None:
            page.merge_range(0, 0, 0, len(header) - 1, title)
        page.write_row(top, 0, header)
        for number, cells in enumerate(rows, top + 1):
            page.write_row(number, 0, cells)
        for first, last, column in merged:
            page.merge_range(top + 1 + first, column, top + 1 + last, column, rows[first][column])
    return file.getvalue()


def spoilt(rows: list[list[str]]) -> dict[int, tuple[str, str]]:
    """Spoil twelve rows, each in another way; returns heading and a word of the reason by the row's number."""
    ways = [
        ("问题类型", "什么", "component"),
        ("大类代码", "ABC", "two digits"),
        ("大类名称", "别的大类", "calls the same code"),
        ("小类代码", "9999", "two or three digits"),
        ("小类名称", "字" * 101, "more than 100"),
        ("小类名称", "同码异名", "calls the same code"),
        ("立案条件", "条件", "has the same condition"),
        ("立案条件", "字" * 501, "more than 500"),
        ("结案条件", "字" * 501, "more than 500"),
        ("处置时限", "尽快", "no time limit"),
        ("处置时限", "-4小时", "no time limit"),
        ("处置时限", "四个星期", "no time limit"),
    ]
    told = {}
    for place, (heading, text, reason) in enumerate(ways):
        # Never the first of a class, whose name the others are held against.
        index = 7 + place * 40
        rows[index][HEADER.index(heading)] = text
        told[index + 2] = heading, reason
    return told


def five_hundred() -> list[list[str]]:
    """Return a hundred minor classes with five conditions each."""
    limits = ("2紧急工作时", "4工作时", "1工作日", "3 天", "2个自然日")
    return [
        row(f"{minor:03d}", f"小类{minor}", f"条件{'' if no == 0 else no}", limits[no])
        for minor in range(100, 200)
        for no in range(5)
    ]
