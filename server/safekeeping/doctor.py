"""``flask doctor``: all checks in one order, none of which can stop the others."""

from collections.abc import Callable, Iterator

from sqlalchemy.exc import SQLAlchemyError

from photo_store.blobs import BlobUnavailable
from server.current import blobs, settings, store_parts
from server.db import read
from server.evidence.draining import spooled_by_node
from server.ledger.queries import epoch
from server.safekeeping import (
    calendar_checks,
    custody_checks,
    database_checks,
    door_checks,
    folder_checks,
    store_checks,
)
from server.safekeeping.findings import Finding, Level, red
from server.safekeeping.nodes import nodes

__all__ = ["Level", "examine"]


def examine(url: str | None) -> Iterator[Finding]:
    """Yield what is found; ``url`` is a front door to try a stalled upload through, None leaves that out."""
    chosen = settings()
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("database", database_checks.database),
        ("migrations", database_checks.migrations),
        ("photo store", lambda: store_checks.photo_store(store_parts(), blobs())),
        ("spool", lambda: store_checks.spool(store_parts())),
        ("machines", lambda: store_checks.machines(read(nodes), read(spooled_by_node))),
        ("files", lambda: store_checks.files(chosen)),
        ("disk", lambda: folder_checks.free_disk(chosen)),
        ("clock", database_checks.clock),
        ("worker", lambda: folder_checks.worker(chosen)),
        ("web server", lambda: door_checks.listener(chosen, read(epoch))),
        ("items", database_checks.interpretation),
        ("backup", lambda: folder_checks.backup_age(chosen)),
        ("secret", lambda: folder_checks.secret(chosen)),
        ("log key", lambda: custody_checks.log_key(chosen)),
        ("custody log", lambda: custody_checks.custody_log(chosen)),
        ("alarms", database_checks.alarms),
        ("calendar", calendar_checks.holidays),
    ]
    if chosen.public_url:
        checks.append(("front clock", lambda: door_checks.front_clock(chosen.public_url)))
    if url is not None:
        checks.append(("front door", lambda: door_checks.stalled_upload(url)))
    for name, check in checks:
        yield from _survived(name, check)


def _survived(name: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except (SQLAlchemyError, OSError) as error:
        yield red(name, f"cannot be asked: {error}".splitlines()[0], "Is the database running, and prepared?")
    except BlobUnavailable as error:
        yield red(name, f"cannot be asked: {error}", "Are the photo store and the spool folder there?")
