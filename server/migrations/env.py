"""Alembic's entry: migrates the database of the running application, online, one transaction per migration."""

from alembic import context
from flask import current_app

from server.base import Base, UtcDateTime

engine = current_app.extensions["migrate"].db.engine


def written(kind: str, item: object, _context: object) -> str | bool:
    """Write our own column type as the plain one below it: a migration must not change when our code does."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


# On SQLite the migration must take the write lock at once, like every writer (server/db.py).
with engine.execution_options(xuncha_write=True).connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=written,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
