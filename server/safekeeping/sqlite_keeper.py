"""Keeps a SQLite database: the online backup API, one file."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.orm import Session

from photo_store.durable import fsync_folder
from server.safekeeping.errors import SafekeepingError
from server.safekeeping.migrating import migrate

R = TypeVar("R")

FILE = "database.sqlite3"
_PATIENCE_SECONDS = 15


class SqliteKeeper:
    """See server.safekeeping.keeper.DatabaseKeeper; ``path`` is the database file."""

    dialect = "sqlite"

    def __init__(self, path: Path, stamp: str) -> None:
        self._path = path
        self._stamp = stamp

    def snapshot(self, folder: Path) -> None:
        """See DatabaseKeeper. In one step: with several, every commit of others would start it over."""
        folder.mkdir()
        target = folder / FILE
        with closing(_connect(self._path)) as source, closing(_connect(target)) as copy:
            source.backup(copy)
            # The copy shall be one file, complete without a -wal beside it.
            copy.execute("PRAGMA journal_mode=DELETE")
        _fsync(target)
        fsync_folder(folder)

    @contextmanager
    def opened(self, folder: Path, revision: str, scratch: Path) -> Iterator[Engine]:
        """See DatabaseKeeper."""
        del revision  # the file carries its own
        scratch.mkdir()
        try:
            yield _restored(folder, scratch / FILE)
        finally:
            shutil.rmtree(scratch)

    def demand_alone(self) -> None:
        """See DatabaseKeeper. Leaving WAL needs the only connection, and makes the file complete by itself."""
        if not self._path.exists():
            return
        with closing(_connect(self._path)) as connection:
            try:
                connection.execute("PRAGMA journal_mode=DELETE")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    return  # damaged: that may be why it is being replaced
                msg = f"{self._path} is in use. Stop web server and worker, then try again."
                raise SafekeepingError(msg) from error
            except sqlite3.DatabaseError:
                return

    def replace(self, folder: Path, revision: str, settle: Callable[[Session], R]) -> tuple[str, R]:
        """See DatabaseKeeper."""
        del revision
        coming = self._path.with_name(f"{self._path.name}.restoring")
        for name in _with_companions(coming):
            name.unlink(missing_ok=True)
        with Session(_restored(folder, coming)) as session, session.begin():
            settled = settle(session)
        _fsync(coming)
        aside = self._path.with_name(f"{self._path.name}.before-restore-{self._stamp}")
        for present, kept in zip(_with_companions(self._path), _with_companions(aside), strict=True):
            if present != self._path and present.exists():
                present.rename(kept)  # only beside a file so damaged that it could not take in its log
        # A link first, then one rename over it: at no moment is there no database, which a start would make anew.
        with suppress(FileNotFoundError):
            os.link(self._path, aside)
        coming.replace(self._path)
        fsync_folder(self._path.parent)
        return (str(aside) if aside.exists() else "nowhere: there was none"), settled


def _restored(folder: Path, target: Path) -> Engine:
    """Copy a snapshot to ``target``, check it, bring it to this release's form, and return an engine on it."""
    shutil.copyfile(folder / FILE, target)
    with closing(_connect(target)) as connection:
        try:
            faults = [text for (text,) in connection.execute("PRAGMA integrity_check(5)") if text != "ok"]
            faults += [f"{row[0]} points at nothing" for row in connection.execute("PRAGMA foreign_key_check")][:5]
        except sqlite3.DatabaseError as error:
            faults = [str(error)]
    if faults:
        raise SafekeepingError(f"The snapshot {folder / FILE} is damaged: {'; '.join(faults)}.")
    engine = create_engine(f"sqlite:///{target}", poolclass=NullPool)
    migrate(engine)
    return engine


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_PATIENCE_SECONDS)
    connection.isolation_level = None
    return connection


def _with_companions(path: Path) -> list[Path]:
    return [path.with_name(path.name + ending) for ending in ("", "-wal", "-shm")]


def _fsync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
