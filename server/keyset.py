"""Keyset paging: the opaque cursor of a list and the page it cuts. Knows neither HTTP nor any table.

A list is ordered by id alone; the cursor is the last id that was handed out, so rows that appear meanwhile
never shift a page.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from server.problems import Problem, _

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows of a list; ``next`` is the cursor of the rows behind them, None at the end."""

    items: tuple[T, ...]
    next: str | None


def encode(row_id: UUID) -> str:
    """Return the cursor that stands behind the row ``row_id``."""
    return base64.urlsafe_b64encode(row_id.bytes).decode("ascii").rstrip("=")


def decode(cursor: str) -> UUID:
    """Return the id a cursor stands for; raises the problem ``validation`` for a text we never handed out."""
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor.encode("ascii") + b"=="))
    except (ValueError, binascii.Error) as error:
        raise Problem("validation", errors={"after": [_("Must be a cursor from a previous page's next.")]}) from error


def cut(rows: Sequence[R], limit: int, id_of: Callable[[R], UUID], record_of: Callable[[R], T]) -> Page[T]:
    """Return the page of the first ``limit`` of ``rows``, which were read with ``limit + 1``."""
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(tuple(record_of(row) for row in shown), encode(id_of(shown[-1])) if more else None)
