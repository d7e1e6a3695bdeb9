"""The feed's guard: SQL that writes what handsets mirror, in a transaction that announces nothing, raises.

Without it, one bulk UPDATE written next year would pass every test and leave handsets with old data for ever. The
guard reads the text of each statement, so it sees what the ORM, bulk statements and raw SQL do alike.
"""

import re

from sqlalchemy import Connection, Engine, event
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


@event.listens_for(Engine, "before_cursor_execute")
def _watch(
    connection: Connection,
    _cursor: object,
    statement: str,
    _parameters: object,
    context: ExecutionContext | None,
    _many: object,
) -> None:
    found = _WRITES.match(statement)
    if found is None or _exempt(context):
        return
    connection.info.setdefault(_KEY, [set()])[-1].add(found[1].lower())


def _exempt(context: ExecutionContext | None) -> bool:
    return context is not None and bool(context.execution_options.get("unmarked"))


# What a savepoint took back was never written: each level has a set of its own.
@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    connection.info.pop(_KEY, None)


@event.listens_for(Engine, "savepoint")
def _savepoint(connection: Connection, _name: str) -> None:
    connection.info.setdefault(_KEY, [set()]).append(set())


@event.listens_for(Engine, "release_savepoint")
def _release(connection: Connection, _name: str, _context: None) -> None:
    released = _leave(connection)
    connection.info[_KEY][-1] |= released


@event.listens_for(Engine, "rollback_savepoint")
def _rollback(connection: Connection, _name: str, _context: None) -> None:
    _leave(connection)


def _leave(connection: Connection) -> set[str]:
    # A savepoint that was rolled back and then ends once more (a lost connection) has no level any more.
    levels: list[set[str]] = connection.info.setdefault(_KEY, [set()])
    return levels.pop() if len(levels) > 1 else set()
