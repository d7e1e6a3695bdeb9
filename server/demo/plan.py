"""Plans the demo's month: which cases are found where and when, how far each has come, in one order of time.

Pure: the same seed and day give the same plan. Every step happens in working hours of the past thirty days.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from random import Random
from zoneinfo import ZoneInfo

from photo_store.drawn import Phase, Shot
from server.demo.matters import MATTERS, Matter
from server.demo.people import AREAS, SQUADS

DAYS = 30
ZONE = ZoneInfo("Asia/Shanghai")
Size = tuple[int, int]
# A usual photograph, and the large one in twenty.
SIZES: tuple[Size, Size] = ((1600, 1200), (4000, 3000))
SMALL: tuple[Size, Size] = ((320, 240), (640, 480))
_ONE_IN_LARGE = 20
_SIDEWAYS = 6
# The farther away, the more of the street: before and after are taken from one spot, so that they can be compared.
REPORT_SHOTS = (("near", Shot.NEAR), ("far", Shot.REFERENCE), ("before", Shot.FAR))
AFTER_SHOTS = (("after", Shot.FAR), ("after", Shot.NEAR))
CHECK_SHOTS = (("check", Shot.REFERENCE),)
HANDLED_SHOTS = (("before", Shot.FAR), ("after", Shot.FAR))


class Deed(StrEnum):
    """One step of a case's life; the first word says who does it."""

    REPORT = "collector reports"
    FILE = "desk files"
    DISPATCH = "desk dispatches"
    ACCEPT = "squad accepts"
    START = "squad starts"
    FINISH = "squad finishes"
    SEND_CHECK = "desk sends check"
    FAIL_CHECK = "collector fails check"
    REDO = "desk sends back"
    PASS_CHECK = "collector passes check"  # noqa: S105 (no password)
    CLOSE = "desk closes"
    HANDLE = "collector handles at once"


_WORK = (Deed.REPORT, Deed.FILE, Deed.DISPATCH, Deed.ACCEPT, Deed.START, Deed.FINISH)
# Squads that only tell when they are done.
_AT_ONCE = (*_WORK[:3], Deed.FINISH)
# How far the cases have come, the oldest first.
LIVES: tuple[tuple[Deed, ...], ...] = (
    (*_WORK, Deed.SEND_CHECK, Deed.PASS_CHECK, Deed.CLOSE),
    *((*_AT_ONCE, Deed.SEND_CHECK, Deed.PASS_CHECK, Deed.CLOSE),) * 2,
    (*_AT_ONCE, Deed.SEND_CHECK, Deed.FAIL_CHECK, Deed.REDO, Deed.ACCEPT),
    (*_AT_ONCE, Deed.SEND_CHECK),
    (*_AT_ONCE, Deed.SEND_CHECK, Deed.PASS_CHECK),
    *(_AT_ONCE,) * 2,
    _WORK[:5],
    _WORK[:4],
    _WORK[:3],
    _WORK[:2],
    _WORK[:1],
    (Deed.HANDLE,),
    _WORK[:1],
)
# Photographs that never arrive, by case number and role: the card lost them, or the handset is still out of reach.
LOST = {(6, "after"), (7, "far"), (11, "near"), (11, "before")}
UNSENT = {len(LIVES)}
_AFTERWARDS = (timedelta(minutes=40), timedelta(hours=3))


@dataclass(frozen=True)
class Picture:
    """One photograph to be drawn; pictures of one ``seed`` show the same street."""

    role: str
    scene: str
    seed: int
    shot: Shot
    phase: Phase
    taken_at: datetime
    lon: float
    lat: float
    size: Size
    orientation: int


@dataclass(frozen=True)
class PlannedCase:
    """One problem. ``collector``: login of who finds it; ``enforcer`` of ``squad``: who deals with it."""

    number: int
    matter: Matter
    description: str
    lon: float
    lat: float
    collector: str
    enforcer: str
    squad: str
    street_seed: int


@dataclass(frozen=True)
class Step:
    """A deed at a time (aware), with the photographs that go with it."""

    at: datetime
    case: PlannedCase
    deed: Deed
    pictures: tuple[Picture, ...] = ()


def plan_month(seed: int, today: datetime, sizes: tuple[Size, Size] = SIZES) -> list[Step]:
    """Return all steps in the order of time, none later than the evening before ``today``.

    ``sizes``: pixels of a usual and of a large photograph.
    """
    found = [step for number in range(1, len(LIVES) + 1) for step in _life(seed, number, today)]
    steps = sorted(found, key=lambda step: (step.at, step.case.number))
    return list(_with_pictures(Random(f"{seed} pictures"), steps, sizes))  # noqa: S311 (drawings, no secret)


def _life(seed: int, number: int, today: datetime) -> Iterator[Step]:
    dice = Random(f"{seed} case {number}")  # noqa: S311 (an invented case, no secret)
    case = _case(dice, number)
    at = _found_at(dice, number, today)
    for deed in LIVES[number - 1]:
        yield Step(at, case, deed)
        at = _working_time(at + dice.uniform(1, 3) * dice.choice(_AFTERWARDS))


def _case(dice: Random, number: int) -> PlannedCase:
    area = AREAS[(number - 1) % len(AREAS)]
    matter = MATTERS[(number * 7) % len(MATTERS)]
    west, south, east, north = area.ground
    squads = [code for _, code in SQUADS]
    place = f"{dice.choice(area.streets)}{dice.randint(1, 188)}号"
    return PlannedCase(
        number=number,
        matter=matter,
        description=dice.choice(matter.reports).format(place=place),
        lon=round(dice.uniform(west, east), 6),
        lat=round(dice.uniform(south, north), 6),
        collector=f"c{AREAS.index(area) + 1:03}",
        enforcer=f"e{squads.index(area.code) + 1:03}",
        squad=SQUADS[squads.index(area.code)][0],
        street_seed=dice.getrandbits(32),
    )


def _found_at(dice: Random, number: int, today: datetime) -> datetime:
    """Spread the cases over the month: the first were found a month ago, the last the day before ``today``."""
    ago = 1 + (len(LIVES) - number) * (DAYS - 2) // (len(LIVES) - 1)
    day = today.astimezone(ZONE).date() - timedelta(days=ago)
    return datetime.combine(day, time(8), ZONE) + timedelta(minutes=dice.randint(0, 240))


def _working_time(at: datetime) -> datetime:
    """Move a time after work to the next morning."""
    if at.time() <= time(17, 30):
        return at
    return datetime.combine(at.date() + timedelta(days=1), time(8, 15), ZONE) + timedelta(minutes=at.minute)


def _with_pictures(dice: Random, steps: list[Step], sizes: tuple[Size, Size]) -> Iterator[Step]:
    count = 0
    for step in steps:
        pictures = []
        for nth, (role, shot) in enumerate(_shots(dice, step.deed)):
            count += 1
            still_there = step.deed in {Deed.REPORT, Deed.FAIL_CHECK} or role == "before"
            phase = Phase.BEFORE if still_there else Phase.AFTER
            pictures.append(
                Picture(
                    role=role,
                    scene=step.case.matter.scene,
                    seed=step.case.street_seed,
                    shot=shot,
                    phase=phase,
                    taken_at=step.at - timedelta(seconds=20 * (len(REPORT_SHOTS) - nth)),
                    lon=step.case.lon,
                    lat=step.case.lat,
                    size=sizes[count % _ONE_IN_LARGE == 1],
                    orientation=_SIDEWAYS if count == _SIDEWAYS else 1,
                )
            )
        yield Step(step.at, step.case, step.deed, tuple(pictures))


def _shots(dice: Random, deed: Deed) -> tuple[tuple[str, Shot], ...]:
    if deed is Deed.REPORT:
        return REPORT_SHOTS
    if deed is Deed.FINISH:
        return AFTER_SHOTS[: dice.choice((1, 2))]
    if deed is Deed.HANDLE:
        return HANDLED_SHOTS
    return CHECK_SHOTS if deed in {Deed.PASS_CHECK, Deed.FAIL_CHECK} else ()
