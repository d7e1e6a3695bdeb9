"""The feed's guard: SQL that writes what handsets mirror, in a transaction that announces nothing, raises.

Without it, one bulk UPDATE written next year would pass every test and leave handsets with old data for ever. The
guard reads the text of each statement, so it sees what the ORM, bulk statements and raw SQL do alike; server.dialects
shows it every one.
"""

import re
from collections.abc import MutableMapping
from typing import Any

from sqlalchemy.engine import ExecutionContext
from sqlalchemy.orm import Session

from server.ledger.marks import marked_types

# What handsets mirror: table → the type under which its rows are marked.
GUARDED = {"case": "case", "field_task": "task"}
_WRITES = re.compile(
    r"\s*(?:WITH\b.*?\b)?(?:INSERT(?:\s+OR\s+\w+)?\s+INTO|REPLACE\s+INTO|MERGE\s+INTO|UPDATE(?:\s+ONLY)?|DELETE\s+FROM(?:\s+ONLY)?)"
    rf"""\s+["`]?({"|".join(GUARDED)})\b""",
    re.IGNORECASE | re.DOTALL,
)
_KEY = "xuncha_guarded"
Info = MutableMapping[Any, Any]


class UnmarkedChange(Exception):
    """Guarded rows were written and no mark of their type was collected; the transaction must not commit."""


def demand_marks(session: Session) -> None:
    """Raise UnmarkedChange if this transaction wrote guarded tables without marking; transact calls it before COMMIT.

    Maintenance that changes nothing a handset shows says so on its statement:
    ``execution_options(unmarked="<why>")``.
    """
    written = {GUARDED[table] for tables in session.connection().info.get(_KEY, ()) for table in tables}
    missing = written - marked_types(session)
    if missing:
        raise UnmarkedChange(
            f"Rows that handsets mirror were written without a feed mark: {', '.join(sorted(missing))}. Call mark() for"
            " each changed entity, or put execution_options(unmarked='<why>') on a statement that shows nothing new."
        )


def watch(statement: str, context: ExecutionContext | None) -> None:
    """Keep which guarded table a statement is about to write."""
    if context is None or statement.startswith("SELECT"):
        return
    found = _WRITES.match(statement)
    if found is not None and not context.execution_options.get("unmarked"):
        context.root_connection.info.setdefault(_KEY, [set()])[-1].add(found[1].lower())


# What a savepoint took back was never written: each level has a set of its own. ``info`` is the connection's.


def begin(info: Info) -> None:
    """Begin a transaction that has written nothing."""
    info.pop(_KEY, None)


def enter(info: Info) -> None:
    """Begin the level of a savepoint."""
    info.setdefault(_KEY, [set()]).append(set())


def release(info: Info) -> None:
    """End the level of a savepoint; what was written in it counts."""
    released = _leave(info)
    info[_KEY][-1] |= released


def take_back(info: Info) -> None:
    """End the level of a savepoint; what was written in it does not count."""
    _leave(info)


def _leave(info: Info) -> set[str]:
    # A savepoint that was rolled back and then ends once more (a lost connection) has no level any more.
    levels: list[set[str]] = info.setdefault(_KEY, [set()])
    return levels.pop() if len(levels) > 1 else set()
