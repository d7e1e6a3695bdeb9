"""A simulated machine: its time moves when told, its randomness comes from the seed.

What the code under test asks the operating system for (the time inside ids, random bytes for tags, tokens and
ids) is answered from the seed while a seed runs, so that ids sort alike every time. Nothing else is replaced: no
function of ours. Keys and signatures are OpenSSL's own affair; no decision depends on their bytes.
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from types import ModuleType

START = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)


@dataclass
class VirtualTime:
    """The true time of a simulated world. Each look at it costs a millisecond, so that no two instants are equal."""

    at: datetime = START

    def now(self) -> datetime:
        """Return the present instant."""
        self.at += timedelta(milliseconds=1)
        return self.at

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


@contextmanager
def simulated_machine(clock: VirtualTime, seed: int) -> Iterator[None]:
    """Answer the process's questions for time and random bytes from ``clock`` and ``seed`` inside the block."""
    chance = Random(f"{seed} machine")  # noqa: S311 (a simulation, not a secret)

    def nanoseconds() -> int:
        return int(clock.now().timestamp() * 1000) * 1_000_000

    with ExitStack() as replaced:
        replaced.enter_context(_answered(time, "time_ns", nanoseconds))
        for module, name in ((os, "urandom"), (random, "_urandom")):
            replaced.enter_context(_answered(module, name, chance.randbytes))
        yield


@contextmanager
def _answered(module: ModuleType, name: str, answer: Callable[..., object]) -> Iterator[None]:
    """Put ``answer`` in the place of one function of the operating system."""
    real = getattr(module, name)
    setattr(module, name, answer)
    try:
        yield
    finally:
        setattr(module, name, real)
