"""Plans the demo's rounds: sixty days of mornings on which a collector finds several things, and what becomes of them.

Pure: the same seed and day give the same plan. The rounds together with the month of plan.py make 300 cases.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random

from photo_store.drawn import Phase, Shot
from server.demo.lives import ENDED, GOING_ON, RECURRING, SLOTS, Life, Word
from server.demo.matters import MATTERS, Matter
from server.demo.people import AREAS, SQUADS
from server.demo.plan import LIVES, ZONE, Picture, PlannedCase, Size

DAYS = 60
ROUNDS = 6
# The last day of the rounds that end; the steps of three days follow.
_LAST_ENDED = 6
# Of what goes on: the day of the first two rounds, whose natural days end today and tomorrow; then the last days.
_SOON = (5, 4)
_LATEST = (3, 2, 1)
# Whose area each round is in; the same problem comes back in three of the same one, three weeks apart.
_AREA_OF_ROUND = (0, 1, 2, 1, 3, 1, 4, 0, 2, 3, 4)
_RECURRING_ROUNDS = (1, 3, 5)
# A round that was out of coverage for days, and one whose handset picks positions from a map in GCJ-02.
FAR_AWAY, FROM_MAP = 2, 4
_AWAY = timedelta(days=3)
# The rounds' own handsets: three collectors for each area, and one officer of each area's squad.
_FIRST_COLLECTOR, _COLLECTORS_PER_AREA, _FIRST_ENFORCER = 6, 3, 7
# Minutes of a round's morning.
_MORNING = 150
# From the photograph of the work done to the network.
BEFORE_SENDING = timedelta(minutes=10)
_METRE = 1 / 111_195


@dataclass(frozen=True)
class RoundCase:
    """A case of a round. ``main``: number of the case it repeats; ``other``: a second collector of its area."""

    case: PlannedCase
    area: str
    life: Life
    found_at: datetime
    main: int | None
    other: str
    crs: str
    condition: int | None


@dataclass(frozen=True)
class Event:
    """What the cases of a round do at one of its slots."""

    at: datetime
    deeds: tuple[tuple[Word, RoundCase], ...]


def plan_rounds(seed: int, today: datetime) -> list[Event]:
    """Return what happens in all rounds, in the order of time, none later than the evening before ``today``."""
    events: list[Event] = []
    number = len(LIVES) + 1
    midnight = datetime.combine(today.astimezone(ZONE).date(), time(0), ZONE)
    for index, (ago, lives) in enumerate(_rounds(Random(f"{seed} rounds"))):  # noqa: S311 (an invented month, no secret)
        day = midnight - timedelta(days=ago)
        found = list(_found(seed, index, day, number, lives))
        number += len(found)
        events += _events(index, day, found)
    return sorted(events, key=lambda event: event.at)


def pictures_of(word: Word, one: RoundCase, at: datetime, size: Size) -> tuple[Picture, ...]:
    """Return the photographs that a step at ``at`` takes: those without which it, or the closing, is refused."""
    if word is Word.HANDLE:
        taken_at = one.found_at
        return (_picture(one, Phase.BEFORE, taken_at, size), _picture(one, Phase.AFTER, taken_at, size))
    if word in {Word.FINISH, Word.LATE_FINISH}:
        return (_picture(one, Phase.AFTER, at - BEFORE_SENDING, size),)
    return ()


def _picture(one: RoundCase, phase: Phase, taken_at: datetime, size: Size) -> Picture:
    case = one.case
    return Picture(
        role=phase.value,
        scene=case.matter.scene,
        seed=case.street_seed,
        shot=Shot.FAR,
        phase=phase,
        taken_at=taken_at,
        lon=case.lon,
        lat=case.lat,
        size=size,
        orientation=1,
    )


def _rounds(dice: Random) -> Iterator[tuple[int, list[Life]]]:
    """Yield (days ago, lives) round by round, the oldest first."""
    ended = [group for count, group in ENDED for _ in range(count)]
    dice.shuffle(ended)
    for index in range(ROUNDS):
        lives = [life for group in ended[index::ROUNDS] for life in group]
        ago = DAYS - 1 - index * (DAYS - 1 - _LAST_ENDED) // (ROUNDS - 1)
        yield ago, [*lives, RECURRING] if index in _RECURRING_ROUNDS else lives
    (_count, soon), *others = GOING_ON
    going_on = [group for count, group in others for _ in range(count)]
    dice.shuffle(going_on)
    for ago in _SOON:
        yield ago, list(soon)
    for index, ago in enumerate(_LATEST):
        yield ago, [life for group in going_on[index :: len(_LATEST)] for life in group]


def _found(seed: int, index: int, day: datetime, first: int, lives: Sequence[Life]) -> Iterator[RoundCase]:
    area = _AREA_OF_ROUND[index]
    turn = _AREA_OF_ROUND[:index].count(area)
    squads = [code for _, code in SQUADS]
    squad = squads.index(AREAS[area].code)
    before: RoundCase | None = None
    for nth, life in enumerate(lives):
        dice = Random(f"{seed} round {index} case {nth}")  # noqa: S311 (an invented case, no secret)
        matter = _matter(dice, life, before)
        lon, lat = _place(dice, seed, area, life, before)
        place = f"{dice.choice(AREAS[area].streets)}{dice.randint(1, 188)}号"
        collector, other = _collector(area, turn), _collector(area, turn + 1)
        case = PlannedCase(
            number=first + nth,
            matter=matter,
            description=dice.choice(matter.reports).format(place=place),
            lon=lon,
            lat=lat,
            collector=other if life.twin else collector,
            enforcer=f"e{_FIRST_ENFORCER + squad:03}",
            squad=SQUADS[squad][0],
            street_seed=dice.getrandbits(32),
        )
        away = _AWAY if index == FAR_AWAY else timedelta(0)
        found_at = (
            day + timedelta(hours=8, minutes=30 + _MORNING * nth // len(lives), seconds=dice.randint(0, 59)) - away
        )
        main = before.case.number if life.twin and before else None
        crs = "gcj02" if index == FROM_MAP else "wgs84"
        condition = life.condition if life.condition is not None else dice.choice((None, 1, 2))
        partner = collector if life.twin else other
        before = RoundCase(case, AREAS[area].code, life, found_at, main, partner, crs, condition)
        yield before


def _matter(dice: Random, life: Life, before: RoundCase | None) -> Matter:
    if life.matter is not None:
        return next(matter for matter in MATTERS if matter.code == life.matter)
    return before.case.matter if life.twin and before else dice.choice(MATTERS)


def _place(dice: Random, seed: int, area: int, life: Life, before: RoundCase | None) -> tuple[float, float]:
    west, south, east, north = AREAS[area].ground
    if life.twin and before:
        lon, lat = before.case.lon, before.case.lat
    elif life.spot is not None:
        spot = Random(f"{seed} {life.spot}")  # noqa: S311 (an invented place, no secret)
        lon, lat = spot.uniform(west, east), spot.uniform(south, north)
    else:
        return round(dice.uniform(west, east), 6), round(dice.uniform(south, north), 6)
    return round(lon + dice.uniform(-8, 8) * _METRE, 6), round(lat + dice.uniform(-8, 8) * _METRE, 6)


def _collector(area: int, turn: int) -> str:
    return f"c{_FIRST_COLLECTOR + area + len(AREAS) * (turn % _COLLECTORS_PER_AREA):03}"


def _events(index: int, day: datetime, found: Sequence[RoundCase]) -> Iterator[Event]:
    for slot, (days, at) in enumerate(SLOTS):
        deeds = tuple((word, one) for one in found for when, word in one.life.words if when == slot)
        if deeds:
            # Rounds of one day take turns at the desk.
            yield Event(day + timedelta(days=days, hours=at.hour, minutes=at.minute + index % len(AREAS)), deeds)
