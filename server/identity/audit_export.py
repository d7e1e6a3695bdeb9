"""The audit log as a CSV that a spreadsheet opens: all entries under a filter, newest first, piece by piece."""

import csv
import io
import json
from collections.abc import Iterator

from server.clock import stamp
from server.db import read
from server.identity.queries import AuditFilter, AuditRow, audit_entries

HEADINGS = ("at", "agency", "actor_login", "actor_name", "action", "subject_kind", "subject_id", "address", "facts")
DOWNLOAD = {"Content-Disposition": "attachment; filename=audit.csv"}
_ROWS = 500
# A cell that begins so is run as a formula by a spreadsheet, and logins are typed by strangers.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_of(scope: tuple[str, ...], wanted: AuditFilter) -> Iterator[str]:
    """Yield the lines of the CSV; each piece is a read of its own, so that no transaction lasts a download."""
    # Excel takes UTF-8 for what it is only after a byte order mark.
    yield "\ufeff" + _lines([HEADINGS])
    after: str | None = None
    while True:
        page = read(audit_entries, scope, wanted, after, _ROWS)
        yield _lines([_cells(row) for row in page.items])
        if page.next is None:
            return
        after = page.next


def _cells(row: AuditRow) -> tuple[str, ...]:
    facts = json.dumps(row.facts, ensure_ascii=False, sort_keys=True)
    texts = (row.agency_name, row.actor_login, row.actor_name, row.action, row.subject_kind, row.subject_id)
    return tuple(map(_harmless, (stamp(row.at), *(text or "" for text in texts), row.address or "", facts)))


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _lines(rows: list[tuple[str, ...]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()
