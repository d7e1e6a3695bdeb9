"""The real application as sync.simulation's Site: one process, one database file that stories take in turns."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from flask import Flask
from sqlalchemy import bindparam, event, select, update
from sqlalchemy.orm import Session

from photo_store.blobs import BlobMissing
from server.assembly import assemble
from server.clock import now
from server.config import Settings
from server.db import db, glance, read, transact
from server.gateway.models import InboxItem
from server.identity.models import Officer
from server.jobs import known_jobs
from server.ledger.purge import crowded_scopes, purge_marks
from server.safekeeping.backup import make_backup
from server.safekeeping.epoch import mark_neighbour, renew_epoch, settle_epoch
from server.safekeeping.errors import SafekeepingError
from server.safekeeping.restore import restore
from server.simulation.city import City, found_city, sign_in
from server.simulation.disk import Backup, ServerDisk
from server.simulation.door import answer_of
from server.simulation.grants import common
from server.simulation.killing import Killer
from server.simulation.watch import Watch
from sync.simulation import SiteKilled, Truth

# Asked after every synchronisation of a story.
_STORED = select(InboxItem.item_id, InboxItem.fingerprint).where(InboxItem.install_id == bindparam("install"))


class ApplicationSite:
    """One application. ``begin`` puts it back to the first morning of the city."""

    def __init__(self, folder: Path, log_level: str) -> None:
        self.disk = ServerDisk(folder)
        self.app = _assembled(self.disk, folder, log_level)
        self._queue: list[tuple[str, list[Any]]] = []
        self.app.extensions["xuncha_run_job"] = lambda name, arguments: self._queue.append((name, arguments))
        with self.app.app_context():
            event.listen(db.engine, "connect", _relaxed)
            self.killer = Killer(db.engine)
            self._city = _prepare(self.app)
            self._first_tokens = self._tokens = transact(sign_in, self._city.desks)
            self._common = read(common)
            self._close_database()
        self._pristine = self._beginning = self.disk.keep("pristine")
        self._backup: Backup | None = None
        self._watch = Watch(Truth(), self._common)
        self._worked_at = now()

    def keep_beginning(self) -> None:
        """Make the database as it is now the beginning of the stories that ask for it."""
        with self.app.app_context():
            self._close_database()
        self._beginning = self.disk.keep("beginning")

    def begin(self, truth: Truth, *, enrolled: bool = False) -> None:
        """Begin a story: the pristine city (or the kept beginning), no photograph, nothing queued."""
        self.killer.arm(0)
        self.killer.revive()
        self._queue.clear()
        self._backup = None
        self._worked_at = now()
        self._tokens = self._first_tokens
        self._watch = Watch(truth, self._common)
        with self.app.app_context():
            self._close_database()
        self.disk.begin(self._beginning if enrolled else self._pristine)

    def door(self, request: httpx.Request) -> httpx.Response:
        """See sync.simulation.Site."""
        try:
            with self.killer.aimed():
                response = answer_of(self.app, request)
        except Killer.Dead as death:
            self._start_again()
            raise SiteKilled from death
        with self.app.app_context():
            glance(self._watch.look, request, response)
        return response

    def kill_at(self, step: int) -> None:
        """See sync.simulation.Site."""
        self.killer.arm(step)

    def sweep(self, *, with_queue: bool) -> None:
        """See sync.simulation.Site."""
        try:
            with self.app.app_context(), self.killer.aimed():
                self._work(with_queue=with_queue)
        except Killer.Dead:
            self._start_again()

    def _work(self, *, with_queue: bool) -> None:
        jobs = known_jobs()
        queued, self._queue[:] = list(self._queue), []
        for name, arguments in queued if with_queue else ():
            jobs[name].run(*arguments)
        for job in jobs.values():
            if job.every_minutes is not None and self._is_due(job.every_minutes):
                job.run()
        self._worked_at = now()

    def _is_due(self, minutes: int) -> bool:
        """Tell whether a full hour, or whatever a job waits for, has passed since the worker was at work last."""
        period = minutes * 60
        return minutes == 1 or now().timestamp() // period > self._worked_at.timestamp() // period

    def snapshot(self, *, in_full: bool) -> bool:
        """See sync.simulation.Site."""
        with self.app.app_context():
            folder = _backed_up(self.disk.backups) if in_full else None
            self._close_database()
        if in_full and folder is None:
            return False
        self._backup = self.disk.copy(folder)
        return True

    def restore(self, *, as_backup: bool, with_blobs: bool) -> bool:
        """See sync.simulation.Site."""
        backup = self._backup
        if backup is None:
            return False
        self._queue.clear()
        with self.app.app_context():
            self._close_database()
            if with_blobs:
                self.disk.lose_blobs(backup)
            if as_backup and backup.folder is not None:
                restore(backup.folder, _unheard)
            else:
                self.disk.copy_back(backup)
                _begin_epoch(as_backup=as_backup)
            self._tokens = transact(sign_in, self._city.desks)
        return True

    def desk_token(self, role: str) -> str:
        """See sync.simulation.Site."""
        return self._tokens[role]

    def people(self) -> Mapping[str, Collection[str]]:
        """See sync.simulation.Site."""
        city = self._city
        return {"collector": city.collectors, "squad": city.squad_members, "squads": city.squads}

    def stored(self, install_id: str) -> Collection[tuple[str, str]]:
        """See sync.simulation.Site."""
        with self.app.app_context():
            return glance(_stored, UUID(install_id))

    def move(self, officer_id: str, squad_id: str | None) -> None:
        """See sync.simulation.Site."""
        with self.app.app_context():
            transact(_move, UUID(officer_id), None if squad_id is None else UUID(squad_id))

    def purge_marks(self) -> None:
        """Purge all feed marks but the newest of every scope, as a busy year does."""
        with self.app.app_context():
            for scope in read(crowded_scopes, 1):
                transact(purge_marks, scope, 1)

    def _start_again(self) -> None:
        """Bring up the process that follows the dead one; what it held in memory is gone."""
        self.killer.revive()
        self._queue.clear()
        with self.app.app_context():
            self._close_database()

    def _close_database(self) -> None:
        db.engine.dispose()


def _assembled(disk: ServerDisk, folder: Path, log_level: str) -> Flask:
    settings = Settings(
        database_url=f"sqlite:///{disk.database}",
        blob_dir=disk.blobs,
        spool_dir=disk.spool,
        custody_key_file=disk.custody_key,
        checkpoint_dir=disk.checkpoints,
        queue_file=folder / "queue.sqlite3",
        # Nobody listens there: the product restores only where no server answers.
        port=0,
        secret_key="known to everybody: the server of a simulation",  # noqa: S106 (it guards nothing)
        password_rounds=1,
        # Nobody signs in with a password in a story: there is no second factor to ask for.
        admin_totp=False,
        log_level=log_level,
    )
    return assemble(settings)


def _prepare(app: Flask) -> City:
    """Migrate the database as every deployment is, and found the city."""
    result = app.test_cli_runner(catch_exceptions=False).invoke(args=["prepare"])
    if result.exit_code:
        raise RuntimeError(f"the simulated server's database could not be prepared: {result.output}")
    settle_epoch()
    return transact(found_city)


def _relaxed(connection: Any, _record: object) -> None:  # noqa: ANN401 (any driver's connection)
    # Power cuts are simulated above the database here; a sync would only cost time.
    connection.execute("PRAGMA synchronous=OFF")


def _stored(session: Session, install_id: UUID) -> list[tuple[str, str]]:
    rows = session.execute(_STORED, {"install": install_id})
    return [(str(row.item_id), row.fingerprint) for row in rows]


def _move(session: Session, officer_id: UUID, squad_id: UUID | None) -> None:
    session.execute(update(Officer).where(Officer.id == officer_id).values(squad_id=squad_id))


def _backed_up(backups: Path) -> Path | None:
    """Make the product's own backup; None when it refuses, because an original that it should hold is lost."""
    folder = backups / str(len(list(backups.glob("*"))))
    try:
        make_backup(folder, _unheard)
    except (BlobMissing, SafekeepingError):
        return None
    return folder


def _unheard(_what: str, _done: int, _of: int) -> None:
    """Hear of progress, which nobody here waits for."""


def _begin_epoch(*, as_backup: bool) -> None:
    """Begin a new epoch as a restore does, or let the product's next start notice that a file was copied back."""
    if as_backup:
        transact(renew_epoch, "restored", {})
        mark_neighbour()
    else:
        settle_epoch()
