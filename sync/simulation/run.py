"""Runs one seed: enrols the fleet, lets the story happen, brings calm, and has everything audited."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Protocol

from sync.simulation.carrier import Carrier
from sync.simulation.clocks import WrongClock
from sync.simulation.desk import Desk
from sync.simulation.events import EVENTS
from sync.simulation.events.event import Occasion
from sync.simulation.machine import VirtualTime, simulated_machine
from sync.simulation.network import Post, SimulatedNetwork, Weather
from sync.simulation.plan import Plan, Size, plan_story
from sync.simulation.ports import Site
from sync.simulation.stage import Camera, Stage
from sync.simulation.trace import Trace
from sync.simulation.truth import Finding, Truth

_CALM_ROUNDS = 12
_MINUTE = 60.0


class Auditor(Protocol):
    """Judges a finished story by the truth and the server's own tables."""

    def __call__(self, truth: Truth, carriers: Sequence[Carrier]) -> None:
        """Write every breach into ``truth.findings``."""
        ...


@dataclass(frozen=True)
class World:
    """What a seed is run with: the server, its time, its auditor, a camera and a folder for the handsets."""

    site: Site
    time: VirtualTime
    audit: Auditor
    camera: Camera
    folder: Path


@dataclass(frozen=True)
class Outcome:
    """How a story went: what was found, what was recorded, and the trace to read it by."""

    seed: int
    findings: tuple[Finding, ...]
    items: int
    photos: int
    trace: tuple[str, ...]


def simulate(
    seed: int, make: Callable[[VirtualTime, Truth], World], *, size: Size | None = None, without: Collection[str] = ()
) -> Outcome:
    """Tell the story of ``seed``; ``without`` names events that shall not happen in it.

    ``make`` builds the world anew; it is called with the story's time and truth inside the simulated machine.
    """
    weights = {name: event.weight for name, event in EVENTS.items() if name not in without}
    plan = plan_story(seed, weights, size or Size())
    time, truth, trace = VirtualTime(), Truth(), Trace()
    with simulated_machine(time, seed):
        world = make(time, truth)
        stage = _set_up(plan, world, truth, trace)
        try:
            _live(plan, stage)
            _calm(stage)
            world.audit(truth, stage.carriers)
        finally:
            for carrier in stage.carriers:
                carrier.close()
    findings = [Finding(finding.promise, trace.canonical(finding.what)) for finding in truth.findings]
    return Outcome(seed, tuple(findings), len(truth.items), len(truth.hashes()), tuple(trace.lines))


def _set_up(plan: Plan, world: World, truth: Truth, trace: Trace) -> Stage:
    site, time = world.site, world.time
    post = Post(site.door, trace)
    dispatcher, admin = (Desk(site, role, trace) for role in ("dispatcher", "admin"))
    stage = Stage(site, time, trace, truth, post, world.camera, dispatcher, admin)
    people = site.people()
    # The first reports, the second disposes; the others are as it comes. Nobody has two handsets.
    officers = [officer for pair in zip(people["collector"], people["squad"], strict=True) for officer in pair]
    for nth, officer_id in enumerate(officers[: plan.handsets]):
        carrier = _carrier(plan, nth, stage, world.folder)
        stage.carriers.append(carrier)
        carrier.enrol(partial(stage.admin.enrolment_code, officer_id))
    return stage


def _carrier(plan: Plan, nth: int, stage: Stage, folder: Path) -> Carrier:
    name = f"handset {nth + 1}"
    luck, chance = (Random(f"{plan.seed} {what} {nth}") for what in ("network", "handset"))  # noqa: S311 (a simulation, not a secret)
    weather = Weather(luck, plan.severity[nth])
    return Carrier(
        name,
        folder=folder / f"handset-{nth + 1}",
        clock=WrongClock(stage.time, f"boot-{nth + 1}", plan.errors[nth]),
        network=SimulatedNetwork(name, weather, stage.post, stage.time, stage.trace),
        chance=chance,
        site=stage.site,
        truth=stage.truth,
        trace=stage.trace,
    )


def _live(plan: Plan, stage: Stage) -> None:
    for happening in plan.happenings:
        chance = happening.chance(plan.seed)
        stage.time.pass_by(chance.uniform(0.1, 15) * _MINUTE)
        EVENTS[happening.name].happen(Occasion(stage, stage.carriers[happening.handset], chance))


def _calm(stage: Stage) -> None:
    """Clear the weather; everybody synchronises and the worker works until nothing moves any more."""
    stage.trace.note("world", "calm")
    stage.site.kill_at(0)
    stage.post.arrive(everything=True)
    for carrier in stage.carriers:
        carrier.network.weather.severity = 0.0
    quiet = 0
    for _ in range(_CALM_ROUNDS):
        stage.time.pass_by(16 * _MINUTE)
        stage.site.sweep(with_queue=True)
        done = [carrier.sync() and (carrier.revoked or carrier.is_quiet()) for carrier in stage.carriers]
        quiet = quiet + 1 if all(done) else 0
        if quiet == 2:  # noqa: PLR2004 (what the first quiet round still set going, the second has seen)
            return
    for carrier, is_done in zip(stage.carriers, done, strict=True):
        if not is_done:
            left = carrier.handset.outbox.unsent_count()
            stage.truth.breach("P3", f"{carrier.name} never comes to rest: {left} items unsent")
