"""What happens to the server."""

from dataclasses import dataclass

from sync.simulation.events.event import Occasion

_MOST_STEPS = 40
_HOUR = 3600.0


@dataclass(frozen=True)
class Sweep:
    """The worker has its turn, with its queue or after losing it."""

    name: str = "worker"
    weight: float = 8

    def happen(self, now: Occasion) -> None:
        """Run the sweeps, and the queue three times in four."""
        stage, chance = now.stage, now.chance
        with_queue = chance.randrange(4) > 0
        stage.site.sweep(with_queue=with_queue)
        stage.trace.note("worker", "sweeps" if with_queue else "sweeps; the queue was lost")


@dataclass(frozen=True)
class Kill:
    """The server will be killed within one of the next requests."""

    name: str = "kill"
    weight: float = 6

    def happen(self, now: Occasion) -> None:
        """Choose the begin or commit at which it dies."""
        stage, chance = now.stage, now.chance
        step = chance.randint(1, _MOST_STEPS)
        stage.site.kill_at(step)
        stage.truth.kills += 1
        stage.trace.note("server", f"will be killed at step {step}")


@dataclass(frozen=True)
class Night:
    """Hours pass."""

    name: str = "night"
    weight: float = 2

    def happen(self, now: Occasion) -> None:
        """Let up to thirty hours pass."""
        stage, chance = now.stage, now.chance
        hours = chance.randint(1, 30)
        stage.time.pass_by(hours * _HOUR)
        stage.trace.note("world", f"{hours} hours pass")


@dataclass(frozen=True)
class Snapshot:
    """A backup is made."""

    name: str = "snapshot"
    weight: float = 1.2

    def happen(self, now: Occasion) -> None:
        """Keep a copy of what the server has now."""
        stage = now.stage
        is_made = stage.site.snapshot(in_full=True)
        stage.trace.note("server", "is backed up" if is_made else "refuses a backup without the lost originals")


@dataclass(frozen=True)
class Restore:
    """The server's disk is lost and the last backup restored, or its file is copied back behind its back."""

    name: str = "restore"
    weight: float = 1.0

    def happen(self, now: Occasion) -> None:
        """Go back to the last backup, if one was made."""
        stage, chance = now.stage, now.chance
        as_backup, with_blobs = chance.randrange(3) > 0, chance.randrange(2) > 0
        if stage.site.restore(as_backup=as_backup, with_blobs=with_blobs):
            stage.truth.restores += 1
            stage.truth.copied_back += not as_backup
            how = "restored" if as_backup else "copied back"
            stage.trace.note("server", f"is {how}, {'without the newer photographs' if with_blobs else 'blobs kept'}")


EVENTS = (Sweep(), Kill(), Night(), Snapshot(), Restore())
