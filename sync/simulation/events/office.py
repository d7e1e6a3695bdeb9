"""What desks do."""

from dataclasses import dataclass
from random import Random
from typing import Any

from sync.simulation.events.event import Occasion
from sync.simulation.stage import Stage

_STEPS = {
    "reported": ("file",),
    "filed": ("dispatch",),
    "returned": ("dispatch",),
    "disposed": ("send_check",),
    "checking": ("close", "redo"),
}


@dataclass(frozen=True)
class Act:
    """The dispatcher takes a few cases a step further."""

    name: str = "desk"
    weight: float = 20

    def happen(self, now: Occasion) -> None:
        """Do up to four steps on as many cases: file, dispatch, send a check, close, or send back."""
        stage, chance = now.stage, now.chance
        cases = [case for case in stage.dispatcher.cases() if case["state"] in _STEPS]
        cases.sort(key=lambda case: stage.trace.canonical(case["id"]))
        for case in chance.sample(cases, min(len(cases), chance.randint(1, 4))):
            self._step(stage, chance, case)

    def _step(self, stage: Stage, chance: Random, case: dict[str, Any]) -> None:
        action = chance.choice(_STEPS[case["state"]])
        members: dict[str, object] = {}
        squads = list(stage.site.people()["squads"])
        if action == "dispatch" or (action == "redo" and chance.randrange(2)):
            members["squad_id"] = chance.choice(squads)
        if action in {"close", "redo"}:
            members["reason"] = "整改不到位"
        stage.dispatcher.act(case, action, **members)


@dataclass(frozen=True)
class Revoke:
    """A handset is reported lost."""

    name: str = "revoke"
    weight: float = 0.6

    def happen(self, now: Occasion) -> None:
        """Revoke it; what it recorded and still records goes to quarantine."""
        stage, carrier = now.stage, now.carrier
        if not carrier.revoked and stage.admin.revoke(carrier.install_id):
            carrier.revoked = True
            stage.truth.revoked[carrier.install_id] = len(stage.truth.items)
            stage.trace.note("admin", f"revokes {carrier.name}")


@dataclass(frozen=True)
class MoveOfficer:
    """An officer changes the squad."""

    name: str = "move"
    weight: float = 1.5

    def happen(self, now: Occasion) -> None:
        """Move the officer of the handset to any squad, or out of all."""
        stage, carrier, chance = now.stage, now.carrier, now.chance
        officer_id = str(carrier.handset.officer["id"])
        if officer_id in stage.site.people()["squad"]:
            squad_id = chance.choice([*stage.site.people()["squads"], None])
            stage.site.move(officer_id, squad_id)
            stage.truth.moved.add(officer_id)
            stage.trace.note("admin", f"moves the officer of {carrier.name} to {squad_id}")


EVENTS = (Act(), Revoke(), MoveOfficer())
