"""Console page of the audit log, and its download as CSV. Each reading is itself noted."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from server.current import settings
from server.db import read, transact
from server.forms import chosen_id
from server.i18n import _
from server.identity.audit_export import DOWNLOAD, csv_of
from server.identity.audit_reading import note_reading
from server.identity.labels import AUDIT_ACTIONS
from server.identity.queries import AuditFilter, audit_actions, audit_entries
from server.problems import Problem
from server.web import actor, console_pages, page_args

pages = console_pages("audit")


@pages.get("/audit")
def audit() -> ResponseReturnValue:
    """Show the audit log, newest first, under the filters of the address."""
    after, limit = page_args()
    wanted = _wanted()
    scope = transact(note_reading, actor(), wanted)
    return render_template(
        "identity/audit.html",
        page=read(audit_entries, scope, wanted, after, limit),
        actions=read(audit_actions, scope),
        action_words=AUDIT_ACTIONS,
        filters={name: text for name, text in request.args.items() if text and name not in {"after", "limit"}},
    )


@pages.get("/audit.csv")
def export() -> Response:
    """Return all entries under the filters as CSV."""
    wanted = _wanted()
    scope = transact(note_reading, actor(), wanted, "audit_exported")
    return Response(stream_with_context(csv_of(scope, wanted)), mimetype="text/csv", headers=DOWNLOAD)


def _wanted() -> AuditFilter:
    until = _day("until")
    return AuditFilter(
        action=_text("action"),
        actor_id=chosen_id("actor_id"),
        subject_kind=_text("subject_kind"),
        subject_id=_text("subject_id"),
        since=_day("since"),
        until=None if until is None else until + timedelta(days=1),
    )


def _text(name: str) -> str | None:
    text = request.args.get(name, "").strip()
    if not text.isprintable():
        raise Problem("validation", errors={name: [_("Must be one line of printable characters.")]})
    return text or None


def _day(name: str) -> datetime | None:
    """Return the beginning of a day in the deployment's zone."""
    text = request.args.get(name, "").strip()
    try:
        return datetime.combine(date.fromisoformat(text), time(), ZoneInfo(settings().timezone)) if text else None
    except ValueError as error:
        raise Problem("validation", errors={name: [_("Write the day as 2026-11-22.")]}) from error
