"""The people of most tests: a small city, its desk, and two officers with an enrolled handset each."""

from collections.abc import Callable, Hashable
from copy import deepcopy
from typing import TypeVar

import pytest
import world
from flask import Flask
from support.field import FieldHandset, handset_of
from support.office import Office
from support.rehearsal import rehearsed

R = TypeVar("R")
# What a handset learns as it works.
_LEARNT = ("dseq", "prev", "cursor", "mirror", "drops")


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


def lived(step: Hashable, do: Callable[[], R], *handsets: FieldHandset) -> R:
    """Let handsets, fresh ones, do what ``do`` says, once per test process; afterwards they know what they knew then.

    See ``rehearsed``: ``do`` does nothing but write rows and files; copy of its result what a test could change.
    """

    def live() -> tuple[R, list[dict[str, object]]]:
        return do(), [deepcopy({name: getattr(handset, name) for name in _LEARNT}) for handset in handsets]

    result, learnt = rehearsed(handsets[0].app, step, live, files=True)
    for handset, known in zip(handsets, learnt, strict=True):
        vars(handset).update(deepcopy(known))
    return result
