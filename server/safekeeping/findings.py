"""What a check of this deployment found: one line, and what to do. Knows nothing of the checks."""

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """Green is well, yellow wants attention, red endangers what handsets entrust."""

    GREEN = 0
    YELLOW = 1
    RED = 2


@dataclass(frozen=True)
class Finding:
    """One line of ``flask doctor``; ``fix`` is empty when there is nothing to do."""

    level: Level
    name: str
    says: str
    fix: str = ""


def green(name: str, says: str) -> Finding:
    """Return what is well."""
    return Finding(Level.GREEN, name, says)


def yellow(name: str, says: str, fix: str) -> Finding:
    """Return what wants attention."""
    return Finding(Level.YELLOW, name, says, fix)


def red(name: str, says: str, fix: str) -> Finding:
    """Return what endangers data."""
    return Finding(Level.RED, name, says, fix)
