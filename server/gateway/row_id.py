"""The name of an inbox row in addresses and cursors: install, item and fingerprint, since no less is unique."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_

from server.gateway.models import InboxItem
from server.problems import Problem
from sync.item import Key

# What a person may look at and decide about.
HELD = ("quarantined", "conflict")


class RowId(NamedTuple):
    """Identity of a row of the inbox; its text is ``<install>.<item>.<fingerprint>``."""

    install_id: UUID
    key: Key

    @classmethod
    def read(cls, text: str) -> "RowId":
        """Read what `__str__` wrote; raises not-found for anything else."""
        install_id, _dot, rest = text.partition(".")
        item_id, _dot, fingerprint = rest.partition(".")
        try:
            return cls(UUID(install_id), Key(UUID(item_id), fingerprint))
        except ValueError as error:
            raise Problem("not-found") from error

    def __str__(self) -> str:
        """Write the name."""
        return f"{self.install_id}.{self.key.item_id}.{self.key.fingerprint}"

    def condition(self) -> ColumnElement[bool]:
        """Return the condition that finds the row."""
        return and_(
            InboxItem.install_id == self.install_id,
            InboxItem.item_id == self.key.item_id,
            InboxItem.fingerprint == self.key.fingerprint,
        )
