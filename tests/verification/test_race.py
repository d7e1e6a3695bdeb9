"""Row `race` in small: every interleaving five times, on each database."""

import pytest
import world
from flask import Flask
from support.office import Office
from verification.rows.race import tried
from verification.rows.race_city import RaceCity
from verification.rows.race_scenarios import SCENARIOS, Scenario

REPEATS = 5


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_an_interleaving_ends_right_whoever_is_first(app: Flask, scenario: Scenario) -> None:
    people = world.city(app)
    city = RaceCity(app, people, Office(app, people))
    for city.seed in range(REPEATS):
        assert list(tried(city, scenario)) == []
