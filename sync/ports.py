"""What the engine and the feed need remembered by somebody else (the gateway binds them to the database)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from sync.item import Key, RawItem, Receipt, Verdict


class UnavailableError(Exception):
    """The store cannot work at the moment; nothing is wrong with the item."""


class Inbox(Protocol):
    """Keeps every raw item for ever and interprets it later."""

    def store(self, items: Sequence[RawItem]) -> list[Receipt]:
        """Commit all raw items in one transaction; this is the acknowledgement. Raises UnavailableError."""

    def interpret(self, keys: Sequence[Key]) -> Mapping[Key, Verdict]:
        """Interpret stored items in one transaction of their own. Raises UnavailableError, or whatever broke."""

    def set_aside(self, key: Key, error: Exception) -> Verdict:
        """Quarantine an item whose interpretation raised ``error``."""


# An entity's type and id, as on the wire.
Entity = tuple[str, str]


class Mark(NamedTuple):
    """A numbered change of an entity in a scope."""

    scope: str
    seq: int
    entity: Entity
    reason: str | None


class ScopeEnds(NamedTuple):
    """Last number given in a scope, and the number up to which marks were purged."""

    head: int
    floor: int


@dataclass(frozen=True)
class Visible:
    """An entity as the asker may see it now; ``data`` is None when it cannot be rendered now."""

    version: str
    data: Mapping[str, Any] | None


class ChangeFeed(Protocol):
    """One snapshot of the feed for one asker."""

    @property
    def epoch(self) -> str:
        """Return the epoch of this history."""

    def ends(self) -> Mapping[str, ScopeEnds]:
        """Return head and floor of every scope granted to the asker now."""

    def marks(self, positions: Mapping[str, int], limit: int) -> Iterable[Mark]:
        """Return up to ``limit`` marks of each scope after its position, in number order."""

    def visible(self, entities: Sequence[Entity]) -> Mapping[Entity, Visible]:
        """Return those of ``entities`` that the asker may see now, through any scope."""

    def versions(self) -> Mapping[Entity, str]:
        """Return the version of everything that the asker's mirror should hold now; receipts are not in it."""

    def reasons(self, entities: Sequence[Entity]) -> Mapping[Entity, str]:
        """Return why entities left the asker's sight, where a mark of a granted scope says it."""
