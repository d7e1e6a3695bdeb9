"""The form of an event."""

from dataclasses import dataclass
from random import Random
from typing import Protocol

from sync.simulation.carrier import Carrier
from sync.simulation.stage import Stage


@dataclass(frozen=True)
class Occasion:
    """When an event happens: the story, the handset that it is about, and a stream of chance of its own.

    An event of a desk or of the server has no eye for the handset.
    """

    stage: Stage
    carrier: Carrier
    chance: Random


class Event(Protocol):
    """Something that may happen. ``weight`` says how often, relatively to the others."""

    @property
    def name(self) -> str:
        """The name in plans and traces."""
        ...

    @property
    def weight(self) -> float:
        """How often it happens, relatively."""
        ...

    def happen(self, now: Occasion) -> None:
        """Let it happen."""
        ...
