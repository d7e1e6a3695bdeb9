"""Console pages of the quarantine: what could not be applied, readable as it arrived."""

import json

from flask import render_template
from flask.typing import ResponseReturnValue

from server.db import read
from server.gateway import queries
from server.identity.rules import Permission
from server.web import actor, console_pages, page_args

pages = console_pages("gateway")


@pages.get("/quarantine")
def quarantine() -> ResponseReturnValue:
    """List the items in quarantine, newest first."""
    scope = actor().require(Permission.READ_QUARANTINE)
    page = read(queries.quarantined, scope, *page_args())
    return render_template("gateway/quarantine.html", page=page)


@pages.get("/quarantine/<row_id>")
def item(row_id: str) -> ResponseReturnValue:
    """Show one item in quarantine with its raw text."""
    scope = actor().require(Permission.READ_QUARANTINE)
    held = read(queries.quarantined_item, scope, row_id)
    return render_template("gateway/item.html", held=held, readable=_indented(held.body))


def _indented(text: str) -> str | None:
    """Return sound JSON with line breaks for reading, None for text that is no JSON (it is shown as it is)."""
    try:
        readable = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return None
    # An escape in the text may be half a surrogate pair, which no page can hold: it stays an escape.
    return readable.encode("utf-8", "backslashreplace").decode()
