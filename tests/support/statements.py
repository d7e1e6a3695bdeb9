"""Counts the SQL statements that the application sends while something happens."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import Connection, event

from server.db import db

# What opens and closes transactions is the driver's business and differs between the two databases.
_NO_WORK = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET ", "SHOW ")


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Collect the statements in the order they were sent; one with many rows counts once."""
    sent: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if not statement.upper().startswith(_NO_WORK):
            sent.append(" ".join(statement.split()))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


@contextmanager
def commits(app: Flask) -> Iterator[list[int]]:
    """Collect one entry for each COMMIT."""
    seen: list[int] = []

    def note(_connection: Connection) -> None:
        seen.append(1)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "commit", note)
    try:
        yield seen
    finally:
        event.remove(engine, "commit", note)
