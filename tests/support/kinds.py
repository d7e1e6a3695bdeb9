"""Payloads of the kinds of items beyond reports and answers to tasks, and the worker that wakes what waits."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from support.field import CLOCK, FieldHandset, Item, Photo, report

from server.gateway.jobs import interpret_ready, retry_waiting

PLACE = {"lon": 123.51, "lat": 30.49, "crs": "wgs84", "accuracy_m": 4.0, "provider": "gnss", "mock": False}


def self_handled(before: Photo, after: Photo, **changed: object) -> dict[str, Any]:
    """Return the payload of a problem that was found and fixed on the spot."""
    photos = [before.declared("before"), after.declared("after")]
    return report(photos=photos, measure="当场清理完毕", **changed)


def addition(*photos: Photo, **target: object) -> dict[str, Any]:
    """Return the payload that adds photographs to a case, a task or a report."""
    return {**target, "note": None, "photos": [one.declared() for one in photos]}


def correction(target: Item, **changes: object) -> dict[str, Any]:
    """Return the payload that corrects an earlier item."""
    return {"target": {"id": target["id"], "h": target["h"]}, "changes": changes, "reason": "看错了"}


def punch(action: str, **changed: object) -> dict[str, Any]:
    """Return the payload of clocking in or out."""
    return {"action": action, "position": PLACE, **changed}


def walk(points: int = 2, *, seconds_before: int = 0, **changed: object) -> dict[str, Any]:
    """Return the payload of a track whose last point lies so long before the handset's usual capture time."""
    wall, mono = datetime.fromisoformat(str(CLOCK["wall"])), int(str(CLOCK["mono_ms"]))
    walked = []
    for number in reversed(range(points)):
        ago = seconds_before + number
        walked.append(
            {
                "lon": 123.5 + number / 1000,
                "lat": 30.5,
                "accuracy_m": 5.0,
                "wall": (wall - timedelta(seconds=ago)).isoformat(),
                "mono_ms": mono - ago * 1000,
            }
        )
    return {"crs": "wgs84", "points": walked, **changed}


def woken(app: Flask) -> None:
    """Let the worker interpret what was woken."""
    with app.app_context():
        interpret_ready.run()


def swept(app: Flask) -> None:
    """Let the worker do what it does every minute for waiting items."""
    with app.app_context():
        retry_waiting.run()


def current(handset: FieldHandset, *items: Item) -> list[Mapping[str, Any]]:
    """Return the present outcome of items that were sent before."""
    return [result["current"] for result in handset.results(*items)]
