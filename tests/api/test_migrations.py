"""The migrations and the models describe one and the same database."""

from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import check

from server.assembly import MIGRATIONS


def test_the_migrations_make_exactly_the_tables_of_the_models(app: Flask) -> None:
    with app.app_context():
        check()


def test_there_is_one_newest_migration() -> None:
    assert len(ScriptDirectory(str(MIGRATIONS)).get_heads()) == 1
