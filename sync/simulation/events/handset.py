"""What happens to a handset."""

from dataclasses import dataclass

from sync.simulation.events.event import Occasion
from sync.simulation.plan import CLOCK_ERRORS


@dataclass(frozen=True)
class Sync:
    """The handset comes back to the network."""

    name: str = "sync"
    weight: float = 34

    def happen(self, now: Occasion) -> None:
        """Synchronise, up to three times until it works."""
        carrier, chance = now.carrier, now.chance
        for _ in range(chance.randint(1, 3)):
            if carrier.sync():
                break


@dataclass(frozen=True)
class Reboot:
    """The battery falls out."""

    name: str = "reboot"
    weight: float = 3

    def happen(self, now: Occasion) -> None:
        """Start the handset and its counter again."""
        stage, carrier = now.stage, now.carrier
        carrier.clock.reboot()
        carrier.restart()
        stage.trace.note(carrier.name, "reboots")


@dataclass(frozen=True)
class ClockJump:
    """The wall clock is set, right or wrong."""

    name: str = "clock jump"
    weight: float = 3

    def happen(self, now: Occasion) -> None:
        """Set the handset's wall clock."""
        stage, carrier, chance = now.stage, now.carrier, now.chance
        error = chance.choice(CLOCK_ERRORS)
        carrier.clock.set_wrong(error)
        stage.trace.note(carrier.name, f"clock is wrong by {error:.0f} s")


EVENTS = (Sync(), Reboot(), ClockJump())
