"""Plans a story: how many handsets, what happens in which order. Pure: the same seed gives the same plan.

An event's name is drawn by weight here; what exactly it does is drawn when it happens, from a stream of chance of
its own, because it depends on what there is by then (a task to answer, a case to dispatch).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Size:
    """Bounds of a story: handsets and events, both inclusive. ``certain`` events happen at a share of the story."""

    handsets: tuple[int, int] = (2, 5)
    events: tuple[int, int] = (20, 60)
    certain: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Happening:
    """One event to come: its name, the handset that it is about (from 0), and the seed of its own chance."""

    number: int
    name: str
    handset: int

    def chance(self, seed: int) -> Random:
        """Return this event's own stream of chance: dropping an earlier event changes nothing here."""
        return Random(f"{seed} event {self.number} {self.name}")  # noqa: S311 (a simulation, not a secret)


@dataclass(frozen=True)
class Plan:
    """A whole story. ``severity`` scales the accidents of each handset's network; 0 is a clean line."""

    seed: int
    handsets: int
    severity: tuple[float, ...]
    errors: tuple[float, ...]
    happenings: tuple[Happening, ...]


# Seconds by which handsets' wall clocks are wrong when the story begins; thirty years are nine digits.
CLOCK_ERRORS = (0.0, 0.0, 2.0, -45.0, 184.0, -3600.0, 86_400.0 * 400, -946_080_000.0)
_SEVERITIES = (0.0, 0.5, 1.0, 2.0)


def plan_story(seed: int, weights: Mapping[str, float], size: Size) -> Plan:
    """Return the story of ``seed``; ``weights`` names the events that may happen and how often, relatively."""
    chance = Random(f"{seed} plan")  # noqa: S311 (a simulation, not a secret)
    handsets = chance.randint(*size.handsets)
    names = chance.choices(list(weights), list(weights.values()), k=chance.randint(*size.events))
    for name, share in size.certain:
        names.insert(int(len(names) * share), name)
    return Plan(
        seed=seed,
        handsets=handsets,
        severity=tuple(chance.choice(_SEVERITIES) for _ in range(handsets)),
        errors=tuple(chance.choice(CLOCK_ERRORS) for _ in range(handsets)),
        happenings=tuple(Happening(n, name, chance.randrange(handsets)) for n, name in enumerate(names, 1)),
    )
