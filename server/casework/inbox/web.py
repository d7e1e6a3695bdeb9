"""The console's page of the inbox, and the count for the top bar."""

from uuid import UUID

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from server.casework.inbox import operations, queries
from server.casework.inbox.queries import Unread
from server.casework.inbox.reading import read_all
from server.casework.inbox.rules import demand_inbox, reads_inbox
from server.db import glance, read, transact
from server.forms import field, field_id, go, tell
from server.i18n import _
from server.web import actor, console_pages, hindrance, page_args

pages = console_pages("inbox")


def unread_here() -> Unread | None:
    """Return the unread count of who looks at this page: one read per page; None where there is no inbox."""
    me = g.get("actor")
    if me is None or hindrance(me) or not reads_inbox(me):
        return None
    if "unread" not in g:
        g.unread = glance(queries.unread, me)
    found: Unread = g.unread
    return found


@pages.get("/inbox")
def inbox() -> ResponseReturnValue:
    """List what the officer was told, the newest first."""
    me = demand_inbox(actor())
    after, limit = page_args()
    only_unread = request.args.get("unread") == "1"
    page = read(queries.notices, me, only_unread=only_unread, after=after, limit=limit)
    return render_template("casework/inbox.html", page=page, only_unread=only_unread)


@pages.post("/inbox/<uuid:notice_id>")
def open_notice(notice_id: UUID) -> ResponseReturnValue:
    """Mark a notice as read and go to its case."""
    case_id = transact(operations.mark_read, demand_inbox(actor()), notice_id)
    if case_id is None or field("stay"):
        return go("inbox_pages.inbox")
    return go("casework_pages.case", case_id=case_id)


@pages.post("/inbox/read")
def mark_all_read() -> ResponseReturnValue:
    """Mark everything that the page showed, and what is older."""
    read_all(demand_inbox(actor()), field_id("through"))
    tell(_("All notices are marked as read."))
    return go("inbox_pages.inbox")
