"""The columns of a category table and the names cities give them; the header row is found by its names. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum

from server.standards.rules import LimitStage

# Titles, units and remarks stand above the header in many tables, but never a whole page of them.
_SEARCHED_ROWS = 30
_FEWEST_NAMES = 3
_FILLING = re.compile(r"[\s_*:：]|[(（\[【].*?[)）\]】]")


class Column(StrEnum):
    """What a column holds."""

    ISSUE_KIND = "issue_kind"
    MAJOR_CODE = "major_code"
    MAJOR_NAME = "major_name"
    MAJOR_NAME_EN = "major_name_en"
    MINOR_CODE = "minor_code"
    MINOR_NAME = "minor_name"
    MINOR_NAME_EN = "minor_name_en"
    DISPOSING_UNIT = "disposing_unit"
    SUPERVISING_UNIT = "supervising_unit"
    FILING_CONDITION = "filing_condition"
    CLOSING_CONDITION = "closing_condition"
    LIMIT = "limit"
    SEASON = "season"
    LEGAL_BASIS = "legal_basis"
    CLAUSE = "clause"
    NOTE = "note"
    ACCEPTANCE_LIMIT = "acceptance_limit"
    VERIFICATION_LIMIT = "verification_limit"
    DISPATCH_LIMIT = "dispatch_limit"
    CHECK_LIMIT = "check_limit"
    REPORT_PHOTOS = "report_photos"
    DISPOSAL_PHOTOS = "disposal_photos"
    CHECK_PHOTOS = "check_photos"


# In the order of an exported table; the first name is the one that is written. Any identifier above is a name too.
NAMES: Mapping[Column, tuple[str, ...]] = {
    Column.ISSUE_KIND: ("问题类型", "部件/事件", "问题类别", "kind"),
    Column.MAJOR_CODE: ("大类代码", "大类编码", "大类编号"),
    Column.MAJOR_NAME: ("大类名称", "大类", "major"),
    Column.MAJOR_NAME_EN: ("大类英文名称",),
    Column.MINOR_CODE: ("小类代码", "小类编码", "小类编号"),
    Column.MINOR_NAME: ("小类名称", "小类", "minor"),
    Column.MINOR_NAME_EN: ("小类英文名称",),
    Column.DISPOSING_UNIT: ("处置部门", "处置单位", "责任单位", "责任部门", "专业部门"),
    Column.SUPERVISING_UNIT: ("主管部门", "监管部门", "监督单位"),
    Column.FILING_CONDITION: ("立案条件", "立案标准"),
    Column.CLOSING_CONDITION: ("结案条件", "结案标准", "结案规范"),
    Column.LIMIT: ("处置时限", "时限", "处理时限", "办理时限", "disposal limit", "time limit"),
    Column.SEASON: ("适用季节", "季节"),
    Column.LEGAL_BASIS: ("法律依据", "法规依据", "处罚依据"),
    Column.CLAUSE: ("条款",),
    Column.NOTE: ("采集说明", "备注", "说明"),
    Column.ACCEPTANCE_LIMIT: ("受理时限",),
    Column.VERIFICATION_LIMIT: ("核实时限",),
    Column.DISPATCH_LIMIT: ("派遣时限",),
    Column.CHECK_LIMIT: ("核查时限",),
    Column.REPORT_PHOTOS: ("上报照片",),
    Column.DISPOSAL_PHOTOS: ("处置照片",),
    Column.CHECK_PHOTOS: ("核查照片",),
}
REQUIRED = (
    Column.MAJOR_CODE,
    Column.MAJOR_NAME,
    Column.MINOR_CODE,
    Column.MINOR_NAME,
    Column.FILING_CONDITION,
    Column.CLOSING_CONDITION,
    Column.LIMIT,
)
LIMIT_COLUMNS: Mapping[Column, LimitStage] = {
    Column.ACCEPTANCE_LIMIT: LimitStage.ACCEPTANCE,
    Column.VERIFICATION_LIMIT: LimitStage.VERIFICATION,
    Column.DISPATCH_LIMIT: LimitStage.DISPATCH,
    Column.LIMIT: LimitStage.DISPOSAL,
    Column.CHECK_LIMIT: LimitStage.CHECK,
}
# Stage and role (of evidence) that a bare number of photographs means.
PHOTO_COLUMNS: Mapping[Column, tuple[str, str]] = {
    Column.REPORT_PHOTOS: ("report", "near"),
    Column.DISPOSAL_PHOTOS: ("disposal", "after"),
    Column.CHECK_PHOTOS: ("check", "check"),
}


def _plain(name: str) -> str:
    return _FILLING.sub("", unicodedata.normalize("NFKC", name)).lower()


_KNOWN = {_plain(name): column for column, names in NAMES.items() for name in (*names, column.value)}


def find_header(rows: Sequence[Sequence[str]]) -> tuple[int, dict[Column, int]] | None:
    """Return the index of the header row and where each known column stands; None if no row looks like one.

    Of several rows that hold three or more of the names the one with most; of a name that comes twice the first.
    """
    best: tuple[int, dict[Column, int]] | None = None
    for index, row in enumerate(rows[:_SEARCHED_ROWS]):
        places: dict[Column, int] = {}
        for place, cell in enumerate(row):
            column = _KNOWN.get(_plain(cell))
            if column is not None:
                places.setdefault(column, place)
        if len(places) >= _FEWEST_NAMES and (best is None or len(places) > len(best[1])):
            best = index, places
    return best


def lacking(places: Mapping[Column, int]) -> list[str]:
    """Return the names of the columns that a table cannot do without and that it has not."""
    return [NAMES[column][0] for column in REQUIRED if column not in places]
