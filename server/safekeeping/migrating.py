"""Which form a database has, and bringing a copy to this release's form. Alembic's commands, for any engine."""

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Engine


def newest_revision() -> str:
    """Return the revision of this release."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        msg = "the migrations have no head"
        raise LookupError(msg)
    return head


def revision_of(engine: Engine) -> str | None:
    """Return the revision of a database; None if nothing was ever migrated there."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_known(revision: str) -> bool:
    """Tell whether this release can go on from a revision (a newer release's it cannot)."""
    return revision in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the database behind ``engine`` to a revision."""
    config = _config()
    config.attributes["engine"] = engine
    command.upgrade(config, revision)


def _config() -> Config:
    found: Config = current_app.extensions["migrate"].migrate.get_config()
    return found
