"""Signs of life: small files beside the queue in which the worker and the backup say when they last did their work."""

import os
from datetime import datetime
from pathlib import Path

from server.clock import stamp
from server.config import Settings


def heartbeat_of(chosen: Settings) -> Path:
    """Return the worker's sign, rewritten every minute."""
    return chosen.queue_file.with_name("worker.heartbeat")


def backup_sign_of(chosen: Settings) -> Path:
    """Return the sign of the newest backup, wherever that lies: when its snapshot was begun."""
    return chosen.queue_file.with_name("backup.newest")


def give_sign(path: Path, moment: datetime) -> None:
    """Write the time; a reader sees the old or the new one, never a part."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(stamp(moment), encoding="ascii")
    draft.replace(path)


def read_sign(path: Path) -> datetime | None:
    """Return the time; None if there never was a sign, or it cannot be read."""
    try:
        found = datetime.fromisoformat(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return found if found.tzinfo is not None else None
