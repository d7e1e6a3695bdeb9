"""Two bad items that harm the process itself: one never ends, one eats all memory. 199 good ones are applied anyway."""

import multiprocessing
import resource
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest
from flask import Flask
from marshmallow import INCLUDE, Schema
from support.field import FieldHandset, report, slug_of
from support.office import Office

from server.db import db
from server.gateway import kinds
from server.gateway.kinds import KINDS, Kind

MEBIBYTE = 1024 * 1024
SPARE = 200 * MEBIBYTE


def never_ends(*_: object) -> None:
    number = 0
    while True:
        number += 1


def eats_memory(*_: object) -> None:
    eaten = []
    while True:
        eaten.append(bytearray(MEBIBYTE))


@pytest.fixture
def deadly() -> Iterator[None]:
    """Register two kinds that no release has."""
    anything: Any = Schema.from_dict({})(unknown=INCLUDE)
    made: dict[str, Callable[..., Any]] = {"never-ends": never_ends, "eats-memory": eats_memory}
    for name, handler in made.items():
        KINDS[name, 1] = Kind(anything, handler)
    yield
    for name in made:
        del kinds.KINDS[name, 1]


def pushed(handset: FieldHandset, items: list[object], answer: Connection) -> None:
    """Push in a process whose memory is limited to little more than it has."""
    with handset.app.app_context():
        db.engine.dispose(close=False)  # the connections are the parent's
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 (no file of ours)
        held = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + SPARE, resource.RLIM_INFINITY))
    answer.send(handset.results(*items))


@pytest.mark.parametrize("kind", ["never-ends", "eats-memory"])
def test_an_item_that_harms_the_process_costs_199_good_ones_nothing(
    app: Flask, collector: FieldHandset, office: Office, deadly: None, kind: str
) -> None:
    items: list[object] = [collector.item(payload=report()) for _ in range(199)]
    items.insert(77, collector.item(kind, {}))
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe()
    process = fork.Process(target=pushed, args=(collector, items, theirs))
    process.start()
    theirs.close()
    results = ours.recv()
    process.join()
    bad = results.pop(77)
    assert {result["state"] for result in results} == {"applied"}
    assert (bad["state"], slug_of(bad["problem"])) == ("quarantined", "interpretation-failed")
    assert [held["id"] for held in office.quarantine()] == [bad["id"]]
