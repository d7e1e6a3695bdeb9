"""The people of most tests: a small city, its desk, and two officers with an enrolled handset each."""

import pytest
import world
from flask import Flask
from support.field import FieldHandset, handset_of
from support.office import Office


@pytest.fixture
def city(app: Flask) -> world.World:
    """Return the city, written into the test's database."""
    return world.city(app)


@pytest.fixture
def office(app: Flask, city: world.World) -> Office:
    """Return the desk side of the API."""
    return Office(app, city)


@pytest.fixture
def collector(app: Flask, city: world.World) -> FieldHandset:
    """Return the handset of the officer who reports."""
    return handset_of(app, city, city.collector)


@pytest.fixture
def enforcer(app: Flask, city: world.World) -> FieldHandset:
    """Return the handset of the officer whose squad disposes."""
    return handset_of(app, city, city.enforcer)
