"""What the worker does for safekeeping: it shows that it lives, compares the epoch's witnesses, watches the backups."""

from server.clock import now
from server.current import settings
from server.db import transact
from server.jobs import periodic
from server.ledger.alarms import raise_alarm
from server.safekeeping.epoch import settle_epoch
from server.safekeeping.findings import Level
from server.safekeeping.folder_checks import backup_age
from server.safekeeping.signs import give_sign, heartbeat_of


@periodic(minutes=1)
def beat() -> None:
    """Write the time for ``doctor``."""
    give_sign(heartbeat_of(settings()), now())


@periodic(minutes=1)
def witness() -> None:
    """Compare the database with its witnesses; SQLite's generation rises, so that every copy falls behind."""
    settle_epoch()


@periodic(minutes=60)
def watch_backups() -> None:
    """Raise the alarm where the doctor is red about backups, which is in production only."""
    for finding in backup_age(settings()):
        if finding.level is Level.RED:
            transact(raise_alarm, "backup_old", "deployment", {"says": finding.says})
