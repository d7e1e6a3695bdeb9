"""The port of a database that can be kept: a snapshot, a copy of it somewhere else, and putting it in the place.

Implementations: sqlite_keeper.py, postgresql_keeper.py. Knows neither.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

R = TypeVar("R")


class DatabaseKeeper(Protocol):
    """One kind of database."""

    dialect: str

    def snapshot(self, folder: Path) -> None:
        """Write one consistent, durable copy of the running database into a new folder; nobody is stopped."""
        ...

    def opened(self, folder: Path, revision: str, scratch: Path) -> AbstractContextManager[Engine]:
        """Restore a snapshot to a temporary place, in this release's form, and remove it at the end.

        Raises SafekeepingError if it is damaged.
        """
        ...

    def demand_alone(self) -> None:
        """Raise SafekeepingError while somebody else is connected to the database."""
        ...

    def replace(self, folder: Path, revision: str, settle: Callable[[Session], R]) -> tuple[str, R]:
        """Restore a snapshot beside the present database, let ``settle`` write into it, then exchange the two.

        The exchange is one step: whenever a crash comes, either is there whole. Returns where the former data lies
        (it is never deleted) and what ``settle`` returned.
        """
        ...
