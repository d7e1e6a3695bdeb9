"""Kinds ``shift`` and ``track``: where an officer went is kept for the time on shift only, in any order of arrival."""

import json
from itertools import permutations
from typing import Any

import pytest
import world
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from support.field import FieldHandset, Item, handset_of, slug_of
from support.kinds import PLACE, current, punch, swept, walk, woken
from support.office import Office

from server.casework.models import FieldShift, Track
from server.ledger.alarms import open_alarms


def shifts(session: Session) -> list[tuple[str, float | None]]:
    return [(row.action, row.lon) for row in session.scalars(select(FieldShift).order_by(FieldShift.id))]


def tracks(session: Session) -> dict[str, int]:
    rows = session.scalars(select(Track)).all()
    assert all(len(json.loads(row.points)) == row.point_count for row in rows)
    return {str(row.item_id): row.point_count for row in rows}


def key(handset: FieldHandset) -> str:
    return f"shift:{handset.enrolled.install_id}:{handset.enrolled.officer_id}"


def outcome(handset: FieldHandset, item: Item) -> str:
    """Return an item's state, and for a superseded one why."""
    (now,) = current(handset, item)
    return slug_of(now["problem"]) if "problem" in now else str(now["state"])


def test_clocking_in_and_out_is_kept_with_and_without_a_place(collector: FieldHandset, office: Office) -> None:
    items = [collector.item("shift", punch("in")), collector.item("shift", punch("out", position=None))]
    assert collector.states(*items) == ["applied", "applied"]
    assert collector.states(*items) == ["duplicate", "duplicate"]
    assert office.rows(shifts) == [("in", PLACE["lon"]), ("out", None)]


def test_a_track_on_shift_is_kept(collector: FieldHandset, office: Office) -> None:
    items = [collector.item("shift", punch("in")), collector.item("track", walk(120))]
    assert collector.states(*items) == ["applied", "applied"]
    assert office.rows(tracks) == {items[1]["id"]: 120}


def test_a_track_before_any_clocking_in_waits_and_nothing_of_it_is_kept(
    app: Flask, collector: FieldHandset, office: Office
) -> None:
    clocked_in, track = collector.item("shift", punch("in")), collector.item("track", walk())
    (result,) = collector.results(track)
    assert (result["state"], result["needs"]) == ("waiting", [key(collector)])
    swept(app)
    assert office.rows(tracks) == {}
    collector.push(clocked_in)
    woken(app)
    assert outcome(collector, track) == "applied"
    assert office.rows(open_alarms) == []


def test_a_track_after_clocking_out_is_dropped_but_its_item_stays(collector: FieldHandset, office: Office) -> None:
    collector.push(collector.item("shift", punch("in")), collector.item("shift", punch("out")))
    (result,) = collector.results(collector.item("track", walk()))
    assert (result["state"], slug_of(result["problem"])) == ("superseded", "not-on-shift")
    assert office.rows(tracks) == {}


def test_a_clocking_out_that_comes_late_takes_the_track_back_at_once(
    app: Flask, collector: FieldHandset, office: Office
) -> None:
    clocked_in, out = collector.item("shift", punch("in")), collector.item("shift", punch("out"))
    track = collector.item("track", walk())
    assert collector.states(clocked_in, track) == ["applied", "applied"]
    collector.pull()
    collector.push(out)
    assert office.rows(tracks) == {}
    woken(app)
    assert outcome(collector, track) == "not-on-shift"
    collector.pull()
    assert collector.mirror["receipt", track["id"]]["state"] == "superseded"


def test_every_order_of_clocking_in_and_out_and_two_tracks_ends_alike(
    app: Flask, city: world.World, office: Office
) -> None:
    # One install for each order: shifts of one handset would judge the tracks of the next order too.
    for number, order in enumerate(permutations(range(4))):
        handset = handset_of(app, city, city.collector)
        first_in, inside = handset.item("shift", punch("in")), handset.item("track", walk())
        out, after = handset.item("shift", punch("out")), handset.item("track", walk())
        items = [first_in, inside, out, after]
        for place in order:
            handset.push(items[place])
            if number % 2:
                woken(app)
        woken(app)
        assert [outcome(handset, item) for item in items] == ["applied", "applied", "applied", "not-on-shift"], order
        assert office.rows(tracks).get(inside["id"]) == 2
        assert after["id"] not in office.rows(tracks)
    assert office.rows(open_alarms) == []


def test_points_from_before_clocking_in_are_left_out(collector: FieldHandset, office: Office) -> None:
    collector.push(collector.item("shift", punch("in")))
    mixed = walk(1)["points"] + walk(1, seconds_before=600)["points"]
    items = [
        collector.item("track", walk(points=1) | {"points": mixed}),
        collector.item("track", walk(seconds_before=600)),
    ]
    assert [result["state"] for result in collector.results(*items)] == ["applied", "superseded"]
    assert office.rows(tracks) == {items[0]["id"]: 1}


def test_another_handsets_shift_opens_nothing(
    app: Flask, city: world.World, collector: FieldHandset, enforcer: FieldHandset
) -> None:
    track = collector.item("track", walk())
    collector.push(track)
    enforcer.push(enforcer.item("shift", punch("in")))
    handset = handset_of(app, city, city.collector)
    handset.push(handset.item("shift", punch("in")))
    woken(app)
    assert outcome(collector, track) == "waiting"


POINT: dict[str, Any] = {"lon": 123.5, "lat": 30.5, "accuracy_m": 5.0, "wall": None, "mono_ms": None}


@pytest.mark.parametrize(
    ("kind", "payload", "name"),
    [
        ("shift", {}, "payload.action"),
        ("shift", punch("pause"), "payload.action"),
        ("shift", punch("in", position={"lon": 1}), "payload.position.lat"),
        ("track", {"points": [POINT]}, "payload.crs"),
        ("track", {"crs": "wgs84"}, "payload.points"),
        ("track", {"crs": "wgs84", "points": []}, "payload.points"),
        ("track", {"crs": "wgs84", "points": [POINT] * 121}, "payload.points"),
        ("track", {"crs": "wgs84", "points": [POINT | {"lon": 1e400}]}, "payload.points.0.lon"),
        ("track", {"crs": "wgs84", "points": [POINT | {"mono_ms": 2**70}]}, "payload.points.0.mono_ms"),
        ("track", {"crs": "wgs84", "points": [POINT | {"wall": "\0"}]}, "payload.points.0.wall"),
        ("track", {"crs": "wgs84", "points": ["x"]}, "payload.points.0"),
    ],
)
def test_what_is_wrong_is_named(collector: FieldHandset, kind: str, payload: dict[str, Any], name: str) -> None:
    (result,) = collector.results(collector.item(kind, payload))
    assert result["state"] == "quarantined"
    assert name in result["problem"]["errors"]
