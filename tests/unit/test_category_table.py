"""Reading a city's category table: its layout, what blanks mean, and a report that names every bad row."""

import zipfile
from collections.abc import Callable
from io import BytesIO

import pytest
from support.category_table import HEADER, as_csv, as_xlsx, row

from server.problems import Problem
from server.standards.content import SchemeContent
from server.standards.rules import LimitStage, Shot
from server.standards.shipped import content_from, read_shipped, shipped_names
from server.standards.workbook.interpreting import Report, interpret
from server.standards.workbook.opening import MOST_BYTES, open_table
from server.standards.workbook.writing import to_csv, to_xlsx

NOTE = (*HEADER, "适用季节", "上报照片", "处置照片")


def read(content: bytes) -> Report:
    return interpret(open_table(content))


def wrong(report: Report) -> list[tuple[int, str]]:
    return [(one.row, one.column.value) for one in report.findings]


def limits(content: SchemeContent) -> dict[tuple[str, int], str]:
    return {key: str(stages[LimitStage.DISPOSAL].limit) for key, stages in content.limits.items()}


@pytest.mark.parametrize("name", shipped_names())
@pytest.mark.parametrize("write", [to_xlsx, to_csv])
def test_a_scheme_that_is_written_is_read_back_the_same(name: str, write: Callable[[SchemeContent], bytes]) -> None:
    content = content_from(read_shipped(name))
    report = read(write(content))
    assert report.findings == ()
    assert report.content == content


def test_merged_cells_stand_for_all_their_rows() -> None:
    rows: list[list[str]] = [
        row("10", "暴露垃圾", "成堆"),
        row("", "", "散落", "2工作时"),
        row("12", "道路不洁", "有油污"),
    ]
    for place in (0, 1, 2, 3, 4, 5, 6, 8):
        rows[1][place] = ""
    merged = [(0, 1, place) for place in (0, 1, 2, 3, 4, 5, 6, 8)]
    report = read(as_xlsx(rows, merged=merged, title="澄浦市立结案标准"))
    assert report.findings == ()
    first, second = report.content.conditions["0110"]
    assert (first.no, second.no) == (1, 2)
    assert (second.filing_condition, second.closing_condition, second.disposing_unit) == ("散落", "已清除", "环卫所")
    assert limits(report.content) == {
        ("0110", 1): "4 work_hour",
        ("0110", 2): "2 work_hour",
        ("0112", 1): "4 work_hour",
    }


def test_a_blank_cell_means_the_same_as_above() -> None:
    blank = [""] * 7
    report = read(
        as_csv(
            [
                row("10", "暴露垃圾", "成堆"),
                [*blank, "散落", "", ""],
                [*blank[:3], "12", "道路不洁", "", "", "有油污", "洗净", "1天"],
            ]
        )
    )
    assert report.findings == ()
    assert [one.closing_condition for one in report.content.conditions["0110"]] == ["已清除", "已清除"]
    assert report.content.conditions["0112"][0].disposing_unit == "环卫所"


def test_a_blank_never_reaches_into_another_class() -> None:
    report = read(as_csv([row("10", "暴露垃圾", "成堆"), row("12", "道路不洁", "", ""), row("13", "", "坑槽")]))
    assert wrong(report) == [(3, "limit"), (3, "filing_condition"), (4, "minor_name")]


def test_a_dash_says_that_there_is_nothing() -> None:
    report = read(
        as_csv(
            [
                row("10", "暴露垃圾", "—", "—", 处置部门="—", 主管部门="—", 结案条件="—"),
                row("12", "道路不洁", "脏", 结案条件="/"),
            ]
        )
    )
    assert report.findings == ()
    assert report.content.classes.keys() == {"0110", "0112"}
    assert report.content.conditions.keys() == {"0112"}
    assert report.content.conditions["0112"][0].closing_condition == ""


def test_a_row_without_a_condition_speaks_for_the_class() -> None:
    report = read(as_csv([row("10", "暴露垃圾", "—", "3天"), row("10", "暴露垃圾", "成堆", "—")]))
    assert report.findings == ()
    assert [one.no for one in report.content.conditions["0110"]] == [0, 1]
    assert limits(report.content) == {("0110", 0): "3 work_day"}


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"问题类型": "其他"}, "issue_kind"),
        ({"大类代码": "A1"}, "major_code"),
        ({"大类代码": "1234"}, "major_code"),
        ({"大类名称": "街面秩序"}, "major_name"),
        ({"小类代码": "1x"}, "minor_code"),
        ({"小类名称": "字" * 101}, "minor_name"),
        ({"立案条件": "字" * 501}, "filing_condition"),
        ({"结案条件": "字" * 501}, "closing_condition"),
        ({"处置时限": "尽快"}, "limit"),
        ({"处置时限": "0天"}, "limit"),
        ({"适用季节": "冬天"}, "season"),
        ({"上报照片": "很多"}, "report_photos"),
        ({"处置照片": "21"}, "disposal_photos"),
    ],
)
def test_a_bad_cell_is_named_and_its_row_left_out(cells: dict[str, str], column: str) -> None:
    good = [*row("10", "暴露垃圾", "成堆"), "", "", ""]
    bad = [
        cells.get(heading, text) for heading, text in zip(NOTE, [*row("12", "道路不洁", "脏"), "", "", ""], strict=True)
    ]
    report = read(as_csv([good, bad, [*good[:7], "散落", "已清除", "2天", "", "", ""]], NOTE))
    assert wrong(report) == [(3, column)]
    assert (report.rows_read, report.rows_stored) == (3, 2)
    assert report.content.classes.keys() == {"0110"}


def test_a_bad_row_is_named_with_all_of_its_bad_cells() -> None:
    report = read(as_csv([row("10", "暴露垃圾", "成堆"), row("x", "道路不洁", "", "尽快")]))
    assert wrong(report) == [(3, "minor_code"), (3, "limit"), (3, "filing_condition")]
    assert report.bad_rows == 1


def test_the_same_condition_twice_is_named_with_the_first_row() -> None:
    report = read(as_csv([row("10", "暴露垃圾", "成堆"), row("10", "暴露垃圾", "成堆", "1天")]))
    assert wrong(report) == [(3, "filing_condition")]
    assert report.findings[0].values == {"row": 2}


def test_a_season_makes_another_row_of_the_same_condition() -> None:
    rows = [[*row("10", "行道树", "缺株"), "", "", ""], [*row("10", "行道树", "", "15天"), "2月15日至4月15日", "", ""]]
    report = read(as_csv(rows, NOTE))
    assert report.findings == ()
    assert [str(one.season) for one in report.content.conditions["0110"]] == ["None", "02-15~04-15"]


def test_photographs_are_a_number_or_roles_with_numbers() -> None:
    rows = [[*row("10", "暴露垃圾", "成堆"), "", "近景1、远景1", "2"], [*row("12", "道路不洁", "脏"), "", "near 2", ""]]
    report = read(as_csv(rows, NOTE))
    assert report.findings == ()
    assert report.content.shots == {
        "0110": (Shot("report", "near", 1), Shot("report", "far", 1), Shot("disposal", "after", 2)),
        "0112": (Shot("report", "near", 2),),
    }


def test_numbers_of_a_spreadsheet_keep_their_leading_zero() -> None:
    numbers: list[str | float] = ["事件", 1, "市容环境", 1.0, "私搭乱建", "", "", "在建", "拆除", "2自然日"]
    whole: list[str | float] = ["事件", 1, "市容环境", "0102", "店面装修", "", "", "在建", "拆除", "2自然日"]
    assert read(as_xlsx([numbers, whole])).content.classes.keys() == {"0101", "0102"}


def test_a_sheets_name_says_what_no_column_says() -> None:
    plain = [cells[1:] for cells in [row("01", "上水井盖", "缺失")]]
    report = read(as_xlsx(plain, HEADER[1:], sheet="部件类"))
    assert report.content.classes.keys() == {"b0101"}
    assert wrong(read(as_xlsx(plain, HEADER[1:]))) == [(2, "issue_kind")]


def test_headings_may_be_english_and_carry_remarks() -> None:
    header = (
        "kind",
        "major code",
        "Major",
        "minor_code",
        "Minor (name)",
        "disposing unit",
        "supervising unit",
        "Filing condition*",
        "closing condition",
        "time limit",
    )
    assert read(as_csv([row("10", "waste", "piled")], header)).rows_stored == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_is_read_in_the_encodings_that_spreadsheet_programs_write(encoding: str) -> None:
    assert read(as_csv([row("10", "暴露垃圾", "成堆")], encoding=encoding)).content.classes["0110"].name == "暴露垃圾"


def test_a_formula_stays_a_text_on_its_way_out_and_back() -> None:
    content = read(as_csv([row("10", "暴露垃圾", "=1+1")])).content
    assert b"'=1+1" in to_csv(content)
    assert read(to_csv(content)).content == content
    assert read(to_xlsx(content)).content == content


def refusal(content: bytes) -> Problem:
    with pytest.raises(Problem) as refused:
        read(content)
    return refused.value


def test_a_header_that_lacks_columns_is_refused_by_their_names() -> None:
    refused = refusal(as_csv([["01", "市容环境", "10", "垃圾"]], ("大类代码", "大类名称", "小类代码", "小类名称")))
    assert refused.slug == "bad-workbook"
    assert refused.members["missing"] == ["立案条件", "结案条件", "处置时限"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xd0\xcf\x11\xe0 an old workbook",
        b"%PDF-1.7\n\x00\xff\xfe\x00",
        b"PK\x03\x04 no more than the beginning",
        b"a,b,c\n1,2,3\n",
        as_csv([]),
        as_xlsx([]),
    ],
    ids=["empty", "xls", "pdf", "torn", "no-header", "header-only", "empty-workbook"],
)
def test_what_is_no_category_table_is_refused(content: bytes) -> None:
    assert refusal(content).slug == "bad-workbook"


def test_more_bytes_than_allowed_are_refused() -> None:
    assert refusal(b"x" * (MOST_BYTES + 1)).slug == "body-too-large"


def test_more_rows_than_allowed_are_refused() -> None:
    assert refusal(as_csv([["1"]] * 20_001)).slug == "bad-workbook"


def with_sheet(xml: bytes) -> bytes:
    """Return a sound workbook whose sheet is replaced by ``xml``."""
    file = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(as_xlsx([row("10", "垃圾", "成堆")]))) as sound,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for part in sound.namelist():
            made.writestr(part, xml if part == "xl/worksheets/sheet1.xml" else sound.read(part))
    return file.getvalue()


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'


@pytest.mark.parametrize(
    "xml",
    [
        SHEET % b'<row r="1"><c r="XFD1048576"><v>1</v></c></row>',
        SHEET % b'<row r="1"><c r="&#65;1"><v>1</v></c></row><row r="1048576"><c><v>1</v></c></row>',
        SHEET % (b"<!--" + b" " * (65 * 1024 * 1024) + b"-->"),
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + SHEET % b"",
        SHEET % b"<row>",
    ],
    ids=["far-cell", "far-row", "bomb", "doctype", "torn"],
)
def test_a_workbook_that_would_fill_the_memory_is_refused(xml: bytes) -> None:
    bomb = with_sheet(xml)
    assert len(bomb) < MOST_BYTES
    assert refusal(bomb).slug == "bad-workbook"
