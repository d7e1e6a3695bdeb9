"""What officers record in the field."""

from dataclasses import dataclass
from random import Random
from typing import Any

from sync.simulation.carrier import Carrier
from sync.simulation.events.event import Occasion
from sync.simulation.stage import Stage

_CATEGORY = {"scheme": "gbt30428_2_2013", "code": "0110"}
_NEXT = {"assigned": ("accepted", "started", "done", "declined"), "accepted": ("started", "done"), "started": ("done",)}
_RECORDS = ("report", "self_handled")


@dataclass(frozen=True)
class Report:
    """A problem is found."""

    name: str = "report"
    weight: float = 18

    def happen(self, now: Occasion) -> None:
        """Record a report with up to three photographs."""
        stage, carrier, chance = now.stage, now.carrier, now.chance
        roles = ("near", "far", "before")[: chance.randrange(4)]
        carrier.record("report", _found(stage, chance), stage.snaps(chance, roles))


@dataclass(frozen=True)
class SelfHandled:
    """A problem is found and fixed on the spot."""

    name: str = "self_handled"
    weight: float = 4

    def happen(self, now: Occasion) -> None:
        """Record it with a photograph before and one after."""
        stage, carrier, chance = now.stage, now.carrier, now.chance
        payload = {**_found(stage, chance), "measure": "当场清理"}
        carrier.record("self_handled", payload, stage.snaps(chance, ("before", "after")))


@dataclass(frozen=True)
class TaskEvent:
    """A task in the mirror is answered."""

    name: str = "task_event"
    weight: float = 16

    def happen(self, now: Occasion) -> None:
        """Answer one of the open tasks that the handset shows, by any step that it allows."""
        stage, carrier, chance = now.stage, now.carrier, now.chance
        tasks = [task for task in _in_order(stage, carrier, "task") if task["status"] in _NEXT]
        if tasks:
            self._answer(stage, carrier, chance, chance.choice(tasks))

    def _answer(self, stage: Stage, carrier: Carrier, chance: Random, task: dict[str, Any]) -> None:
        checking = task["task_kind"] == "disposal_check"
        event = "done" if checking else chance.choice(_NEXT[task["status"]])
        payload = {
            "task_id": task["task_id"],
            "assignment_no": task["assignment_no"],
            "event": event,
            "note": None,
            "result": chance.choice(("passed", "failed")) if checking else None,
        }
        roles = ("check",) if checking else ("after",) * (event == "done")
        carrier.record("task_event", payload, stage.snaps(chance, roles))


@dataclass(frozen=True)
class MoreEvidence:
    """Photographs are added to a record, a task or a case."""

    name: str = "evidence"
    weight: float = 4

    def happen(self, now: Occasion) -> None:
        """Add one or two photographs to anything that the handset knows."""
        stage, carrier, chance = now.stage, now.carrier, now.chance
        targets = [{"item_id": item.id} for item in stage.truth.of_install(carrier.install_id) if item.kind in _RECORDS]
        for kind in ("case", "task"):
            targets += [{f"{kind}_id": data[f"{kind}_id"]} for data in _in_order(stage, carrier, kind)]
        if targets:
            snaps = stage.snaps(chance, ("near", "far")[: chance.randint(1, 2)])
            carrier.record("evidence", {**chance.choice(targets), "note": None}, snaps)


@dataclass(frozen=True)
class Amend:
    """A record is corrected."""

    name: str = "amend"
    weight: float = 4

    def happen(self, now: Occasion) -> None:
        """Correct the description or the place of an earlier record, or of an earlier correction."""
        stage, carrier, chance = now.stage, now.carrier, now.chance
        known = [item for item in stage.truth.of_install(carrier.install_id) if item.kind in {*_RECORDS, "amend"}]
        if known:
            item = chance.choice(known)
            corrections = ({"description": f"更正 {chance.randrange(100)}"}, {"position": stage.position(chance)})
            target = {"id": item.id, "h": item.fingerprint}
            payload = {"target": target, "changes": chance.choice(corrections), "reason": "看错了"}
            carrier.record("amend", payload)


@dataclass(frozen=True)
class Shift:
    """An officer clocks in or out."""

    name: str = "shift"
    weight: float = 3

    def happen(self, now: Occasion) -> None:
        """Record it, with a place or without."""
        stage, carrier, chance = now.stage, now.carrier, now.chance
        position = stage.position(chance) if chance.randrange(2) else None
        carrier.record("shift", {"action": chance.choice(("in", "in", "out")), "position": position})


@dataclass(frozen=True)
class Track:
    """The way of an officer who has clocked in before."""

    name: str = "track"
    weight: float = 3

    def happen(self, now: Occasion) -> None:
        """Record a few points."""
        stage, carrier, chance = now.stage, now.carrier, now.chance
        if any(item.kind == "shift" for item in stage.truth.of_install(carrier.install_id)):
            points = [self._point(stage, carrier, chance) for _ in range(chance.randint(1, 5))]
            carrier.record("track", {"crs": "wgs84", "points": points})

    def _point(self, stage: Stage, carrier: Carrier, chance: Random) -> dict[str, object]:
        reading, place = carrier.clock.read().as_json(), stage.position(chance)
        members = {"wall": reading["wall"], "mono_ms": reading["mono_ms"]}
        return {"lon": place["lon"], "lat": place["lat"], "accuracy_m": 6.0, **members}


def _found(stage: Stage, chance: Random) -> dict[str, object]:
    return {
        "category": _CATEGORY,
        "description": f"暴露垃圾 {chance.randrange(1000)}",
        "position": stage.position(chance),
    }


def _in_order(stage: Stage, carrier: Carrier, kind: str) -> list[dict[str, Any]]:
    """Return what the handset shows of a type, in an order that is the same every time the seed runs."""
    return sorted(carrier.handset.mirror.entities(kind), key=lambda data: stage.trace.canonical(data[f"{kind}_id"]))


EVENTS = (Report(), SelfHandled(), TaskEvent(), MoreEvidence(), Amend(), Shift(), Track())
