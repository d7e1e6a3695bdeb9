"""What an audit's check returns: findings, and where its next chunk begins."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One thing that does not balance. ``alarm`` is its name in server.ledger.alarms, ``subject`` what it is about.

    ``check`` names the exact rule, so that a test (and an operator) can tell two findings of one alarm apart.
    """

    check: str
    alarm: str
    subject: str
    says: str


@dataclass(frozen=True)
class Step:
    """One chunk: its findings, how many rows it looked at, and where to go on (None = this check is done)."""

    findings: list[Finding]
    looked: int
    next: Any


@dataclass(frozen=True)
class Check:
    """A named check; ``step`` takes None first, then the ``next`` of the step before, and reads its own snapshot."""

    name: str
    step: Callable[[Any], Step]
