"""Plans the day of a fleet: who records what, when, where, and who is out of reach meanwhile.

Pure: the same orders and seed give the same plan, on any machine. Times are simulated seconds since the
start of the day. Knows no network, no clock and no file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

HOUR = 3600.0
_SYNC_EVERY = 15 * 60.0
# The last stretch of the day records nothing, so that tasks can still run their course.
_QUIET_END = 0.3
_ROLES = ("near", "far", "before")
_TWELVE_MEGAPIXELS, _USUAL = (4000, 3000), (1600, 1200)
_ONE_IN_LARGE = 20
_SKEWS = (0.0, 0.0, 0.0, 2.0, -45.0, 184.0, -3600.0, 86_400.0 * 400)


class Duty(StrEnum):
    """What an officer does in the fleet: all report and check what they reported, squad members also dispose."""

    COLLECTOR = "collector"
    SQUAD = "squad"


@dataclass(frozen=True)
class Category:
    """A category of the case standard in use, its name, and the scene that a camera would see."""

    scheme: str
    code: str
    name: str
    scene: str


@dataclass(frozen=True)
class Ground:
    """The box that patrols stay in, degrees."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True)
class Orders:
    """How large a day to plan. ``photos`` counts per report."""

    handsets: int
    hours: float
    reports: int
    photos: int
    seed: int
    categories: tuple[Category, ...]
    ground: Ground = Ground(123.5005, 30.4825, 123.5200, 30.4995)

    def collectors(self) -> int:
        """Return how many handsets belong to collectors: two thirds, at least one."""
        return max(1, round(self.handsets * 2 / 3))


@dataclass(frozen=True)
class PlannedShot:
    """One photograph to be drawn. Shots of one ``scene_seed`` show the same place."""

    role: str
    size: tuple[int, int]
    scene_seed: int = 0


@dataclass(frozen=True)
class PlannedReport:
    """One problem to be found at a time and place (degrees, WGS 84)."""

    at: float
    category: Category
    description: str
    lon: float
    lat: float
    shots: tuple[PlannedShot, ...]


@dataclass(frozen=True)
class HandsetPlan:
    """One handset's day. Between ``offline`` start and end nothing is sent; ``reboot_at`` restarts its counter."""

    number: int
    duty: Duty
    skew: float
    reboot_at: float
    offline: tuple[tuple[float, float], ...]
    syncs: tuple[float, ...]
    reports: tuple[PlannedReport, ...]


def plan_day(orders: Orders) -> tuple[HandsetPlan, ...]:
    """Return the plan of every handset, numbered from 1, collectors first."""
    return tuple(_plan_handset(orders, number) for number in range(1, orders.handsets + 1))


def plan_after_shots(seed: int, task_id: str) -> tuple[PlannedShot, ...]:
    """Return the photograph that shows a disposed case, sometimes two; the place is the task's own."""
    random = Random(f"{seed} after {task_id}")  # noqa: S311 (a simulation, not a secret)
    return tuple(PlannedShot("after", _size(random)) for _ in range(random.choice((1, 1, 1, 1, 2))))


def plan_check_shots(seed: int, task_id: str) -> tuple[PlannedShot, ...]:
    """Return the photograph that goes with one disposal check in three; the others need none."""
    random = Random(f"{seed} check {task_id}")  # noqa: S311 (a simulation, not a secret)
    return (PlannedShot("check", _size(random)),) if random.randrange(3) == 0 else ()


def _plan_handset(orders: Orders, number: int) -> HandsetPlan:
    # One stream of chance per handset: adding a handset leaves the others' days as they were.
    random = Random(f"{orders.seed} handset {number}")  # noqa: S311 (a simulation, not a secret)
    day = orders.hours * HOUR
    duty = Duty.COLLECTOR if number <= orders.collectors() else Duty.SQUAD
    offline = _offline(random, day, duty)
    return HandsetPlan(
        number=number,
        duty=duty,
        skew=random.choice(_SKEWS),
        reboot_at=random.uniform(0, day),
        offline=offline,
        syncs=tuple(at for at in _sync_times(random, day) if not is_offline(offline, at)),
        reports=_reports(random, orders, number),
    )


def is_offline(windows: Sequence[tuple[float, float]], at: float) -> bool:
    """Say whether a simulated second lies in a stretch without network."""
    return any(start <= at < end for start, end in windows)


def _offline(random: Random, day: float, duty: Duty) -> tuple[tuple[float, float], ...]:
    """Two stretches for collectors (cellars, village roads), one shorter for squads; never the whole day."""
    stretches = []
    for slot in range(2 if duty is Duty.COLLECTOR else 1):
        start = day * (0.1 + 0.4 * slot) + random.uniform(0, day * 0.1)
        longest = day * (0.22 if duty is Duty.COLLECTOR else 0.12)
        stretches.append((start, start + random.uniform(longest / 2, longest)))
    return tuple(stretches)


def _sync_times(random: Random, day: float) -> list[float]:
    times, at = [], random.uniform(0, _SYNC_EVERY)
    while at < day:
        times.append(at)
        at += random.uniform(_SYNC_EVERY * 0.6, _SYNC_EVERY * 1.4)
    return times


def _reports(random: Random, orders: Orders, number: int) -> tuple[PlannedReport, ...]:
    last = orders.hours * HOUR * (1 - _QUIET_END)
    times = sorted(random.uniform(0, last) for _ in range(orders.reports))
    return tuple(_report(random, orders, at, f"{number}-{nth}") for nth, at in enumerate(times, 1))


def _report(random: Random, orders: Orders, at: float, label: str) -> PlannedReport:
    ground, category, place = orders.ground, random.choice(orders.categories), random.getrandbits(32)
    return PlannedReport(
        at=at,
        category=category,
        description=f"巡查发现{category.name} ({label})",
        lon=round(random.uniform(ground.west, ground.east), 7),
        lat=round(random.uniform(ground.south, ground.north), 7),
        shots=tuple(
            PlannedShot(_ROLES[nth % len(_ROLES)], _size(random), place + nth // len(_ROLES))
            for nth in range(orders.photos)
        ),
    )


def _size(random: Random) -> tuple[int, int]:
    return _TWELVE_MEGAPIXELS if random.randrange(_ONE_IN_LARGE) == 0 else _USUAL
