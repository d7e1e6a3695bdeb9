"""Row `race`: interleavings with forced points, on SQLite and PostgreSQL. One trial runs every scenario once."""

import time
from collections.abc import Iterator

import world
from support.office import Office
from verification.place import application, database_of, opened
from verification.rows.race_city import RaceCity
from verification.rows.race_scenarios import SCENARIOS, Scenario
from verification.rows.result import Result

from server.config import Settings

ROW = "race"


def run(count: int, start: int = 0, database: str = "sqlite") -> Result:
    """Run every scenario ``count`` times on a fresh database of one kind."""
    with opened(database) as settings:
        return run_in(settings, count, start)


def run_in(settings: Settings, count: int, start: int = 0) -> Result:
    """Run every scenario ``count`` times on the migrated, empty database of ``settings``."""
    began, failures = time.monotonic(), list[str]()
    with application(settings) as app:
        people = world.city(app)
        city = RaceCity(app, people, Office(app, people))
        for trial in range(start, start + count):
            city.seed = trial
            for scenario in SCENARIOS:
                failures += [f"trial {trial}, {scenario.__name__}: {finding}" for finding in tried(city, scenario)]
    return Result(ROW, database_of(settings), start, count, tuple(failures), time.monotonic() - began)


def tried(city: RaceCity, scenario: Scenario) -> Iterator[str]:
    """Run one scenario; an exception in it is a finding like any other."""
    try:
        yield from scenario(city)
    except Exception as error:  # noqa: BLE001 (the other scenarios go on)
        yield f"{type(error).__name__}: {error}"
    yield from (f"alarm {name}" for name in city.alarms())
    yield from (f"head of {scope} is not its last mark" for scope in city.heads())
