"""The simulated server's disk: one SQLite file and one folder of photographs, made fresh, copied and put back.

On a memory file system where there is one; nothing here outlives the process, so nothing is synced.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

DATABASE = "xuncha.sqlite3"
_LEFTOVERS = ("-wal", "-shm")


@dataclass(frozen=True)
class Backup:
    """A copy of the database file and the names of the blobs there were; ``folder`` is the product's own backup."""

    database: Path
    blobs: frozenset[str]
    folder: Path | None


class ServerDisk:
    """Files of one simulated server. The database must be closed while its file is copied or replaced."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.database = folder / DATABASE
        self.blobs = folder / "blobs"
        self.spool = folder / "spool"
        self.custody_key = folder / "custody.key"
        self.checkpoints = folder / "checkpoints"
        self._neighbour = folder / f"{DATABASE}.generation"
        self._copy = folder / "backup.sqlite3"
        self.backups = folder / "backups"

    def keep(self, name: str) -> Path:
        """Remember the database and its neighbour file as they are now, and return what `begin` asks for."""
        kept = self._folder / f"{name}.sqlite3"
        shutil.copy(self.database, kept)
        shutil.copy(self._neighbour, kept.with_suffix(".generation"))
        return kept

    def begin(self, kept: Path) -> None:
        """Put a kept database back, without any photograph."""
        self._replace_database(kept)
        shutil.copy(kept.with_suffix(".generation"), self._neighbour)
        for folder in (self.blobs, self.spool):
            for file in _files(folder):
                (folder / file).unlink()
        # Checkpoints lie outside of what a restore puts back, but another story has another log.
        for folder in (self.backups, self.checkpoints):
            shutil.rmtree(folder, ignore_errors=True)
        for aside in self._folder.glob(f"{DATABASE}.before-restore-*"):
            aside.unlink()

    def copy(self, folder: Path | None) -> Backup:
        """Copy the database beside the product's backup in ``folder``, if one was made; the copy before is gone."""
        shutil.copy(self.database, self._copy)
        return Backup(self._copy, frozenset(_files(self.blobs)), folder)

    def copy_back(self, backup: Backup) -> None:
        """Put a copied database file back, as a hand does that knows nothing of the product."""
        self._replace_database(backup.database)

    def lose_blobs(self, backup: Backup) -> None:
        """Lose the photographs that came since a backup."""
        for file in _files(self.blobs) - backup.blobs:
            (self.blobs / file).unlink()

    def _replace_database(self, source: Path) -> None:
        for leftover in _LEFTOVERS:
            self.database.with_name(DATABASE + leftover).unlink(missing_ok=True)
        shutil.copy(source, self.database)


def _files(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
