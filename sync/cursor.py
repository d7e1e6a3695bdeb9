"""The pull's cursor: an opaque token with the last number seen per scope, sealed so that nobody edits it.

Numbers travel as text inside: a 64-bit counter would lose digits in a client's floating point.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync.ports import Entity
from sync.seal import CursorError, Seal

__all__ = ["PREFIX", "Cursor", "CursorError", "numbers", "written"]

PREFIX = "c1."
_SEAL = Seal(PREFIX, "cursor")


@dataclass(frozen=True)
class Cursor:
    """Where a handset's officer stands in each scope of one epoch.

    ``digest_at``: when the cursor last saw a digest, in seconds since 1970 (0 = never). ``deferred``: entities that
    could not be rendered when their mark was passed; they are tried again with every page.
    """

    epoch: str
    officer_id: str
    positions: Mapping[str, int]
    digest_at: int = 0
    deferred: tuple[Entity, ...] = ()

    def seal(self, secret: str) -> str:
        """Return the token."""
        content = [self.epoch, self.officer_id, written(self.positions), self.digest_at, self.deferred]
        return _SEAL.close(content, secret)

    @classmethod
    def unseal(cls, token: str, secret: str) -> "Cursor":
        """Read a token, also one of an older release; raises CursorError."""
        epoch, officer_id, positions, *later = _SEAL.open(token, secret)
        digest_at, deferred = later or (0, ())
        return cls(epoch, officer_id, numbers(positions), digest_at, tuple((kind, name) for kind, name in deferred))


def written(positions: Mapping[str, int]) -> dict[str, str]:
    """Return positions as they stand in a token."""
    return {scope: str(seq) for scope, seq in sorted(positions.items())}


def numbers(positions: Mapping[str, Any]) -> dict[str, int]:
    """Read positions of a token."""
    return {scope: int(seq) for scope, seq in positions.items()}
