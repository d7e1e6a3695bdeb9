"""Who lives in the demo city: agencies, squads, officers. Data and chance only; knows no database.

The city is invented and lies at sea (design/domain.md section 6); names, too, are drawn from invented lists.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from server.identity.rules import Role

CITY_CODE = "990101"
COLLECTORS, ENFORCERS = 40, 60


@dataclass(frozen=True)
class Area:
    """An agency below the city. ``ground``: west, south, east, north in degrees (WGS 84)."""

    code: str
    name: str
    kind: str
    ground: tuple[float, float, float, float]
    streets: tuple[str, ...]


@dataclass(frozen=True)
class Person:
    """One account; ``area`` is an area's code or the city's, ``squad`` a squad's name."""

    login: str
    name: str
    role: Role
    area: str = CITY_CODE
    squad: str | None = None
    certificate_no: str | None = None


CITY_NAME = "澄浦市"
AREAS = (
    Area("001", "城中街道", "street", (123.5, 30.4820, 123.5208, 30.5), ("鼓楼巷", "澄中路", "书院街", "钟秀路")),
    Area("002", "滨河街道", "street", (123.5208, 30.4820, 123.5417, 30.5), ("滨河东路", "望江街", "柳堤路")),
    Area("101", "沙桥镇", "town", (123.5, 30.4639, 123.5208, 30.4820), ("沙桥大街", "盐仓路", "石板弄")),
    Area("102", "芦港镇", "town", (123.5208, 30.4639, 123.5417, 30.4820), ("芦花路", "渔港街", "码头路")),
    Area("400", "高新区", "district", (123.5417, 30.4820, 123.5625, 30.5), ("创新大道", "云杉路", "芯谷路")),
)
# Enforcement squads, by the area that they belong to; the last one works in the whole city.
SQUADS = (
    ("城中中队", "001"),
    ("滨河中队", "002"),
    ("沙桥中队", "101"),
    ("芦港中队", "102"),
    ("高新区中队", "400"),
    ("女子中队", CITY_CODE),
)
# Maintenance units, by the area that they belong to. They have no handsets: their accounts work at a desk.
UNITS = (
    ("环卫所(城东)", CITY_CODE),
    ("环卫所(城南)", CITY_CODE),
    ("环卫所(城西)", CITY_CODE),
    ("市政所", CITY_CODE),
    ("照明所", CITY_CODE),
    ("园林所", CITY_CODE),
    ("水务公司", CITY_CODE),
    ("供电分公司", CITY_CODE),
    ("通信联合机房", CITY_CODE),
    ("交警大队", CITY_CODE),
    ("沙桥镇综合服务中心", "101"),
    ("芦港镇综合服务中心", "102"),
)
UNIT = UNITS[0][0]
# One account for each squad and unit; the first is the one that the sheet names.
UNIT_LOGINS = {
    name: "unit" if name == UNIT else f"u{number:03}" for number, (name, _area) in enumerate((*UNITS, *SQUADS), 1)
}
DESK_LOGINS = (
    ("admin", Role.SYSTEM_ADMIN),
    ("security", Role.SECURITY_ADMIN),
    ("audit", Role.AUDIT_ADMIN),
    ("acceptance", Role.ACCEPTANCE),
    ("dispatcher", Role.DISPATCHER),
    ("supervisor", Role.SUPERVISOR),
    ("reviewer", Role.REVIEWER),
    ("unit", Role.UNIT),
)
# The second seat of each shift's desk.
SECOND_LOGINS = (("acceptance2", Role.ACCEPTANCE), ("dispatcher2", Role.DISPATCHER))
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜"
_GIVEN = (
    *("启明", "知秋", "望舒", "景行", "若谷", "清和", "以宁", "怀瑾", "子衿", "云帆", "思齐", "嘉树"),
    *("明远", "晓岚", "海川", "静姝", "文柏", "一鸣", "雨桐", "承泽", "向晚", "立言", "书墨", "安澜"),
)


def people(seed: int) -> Iterator[Person]:
    """Yield every officer of the city: the desks, the units' accounts, the collectors, the enforcement officers.

    Neighbouring numbers belong to different areas and squads, so that the first few handsets see all of the city.
    """
    # The surname's list is shorter than all accounts, the product of both is not: no two share a name.
    names = [surname + given for surname in _SURNAMES for given in _GIVEN]
    Random(f"{seed} names").shuffle(names)  # noqa: S311 (invented names, no secret)
    drawn = iter(names)
    for login, role in DESK_LOGINS:
        yield Person(login, next(drawn), role, squad=UNIT if role is Role.UNIT else None)
    for number in range(1, COLLECTORS + 1):
        yield Person(f"c{number:03}", next(drawn), Role.COLLECTOR, AREAS[(number - 1) % len(AREAS)].code)
    for number in range(1, ENFORCERS + 1):
        squad, area = SQUADS[(number - 1) % len(SQUADS)]
        certificate = f"CHENGPU-{number:04}"
        yield Person(f"e{number:03}", next(drawn), Role.ENFORCEMENT_OFFICER, area, squad, certificate)
    for login, role in SECOND_LOGINS:
        yield Person(login, next(drawn), role)
    for squad, area in (*UNITS, *SQUADS):
        if squad != UNIT:
            yield Person(UNIT_LOGINS[squad], next(drawn), Role.UNIT, area, squad)
