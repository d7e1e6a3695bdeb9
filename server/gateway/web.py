"""Console pages of the quarantine: what could not be applied, readable as it arrived, and what is decided about it."""

import json
from collections.abc import Callable, Mapping

from flask import render_template, request
from flask.typing import ResponseReturnValue

from server.db import read, transact
from server.forms import field, go, tell, tell_problem
from server.gateway import desk, queries
from server.gateway.labels import ITEM_STATES
from server.i18n import _
from server.identity.rules import Permission
from server.problems import Problem
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
    """Show one item that is or was in quarantine with its raw text and the decisions about it."""
    return _show(row_id, {})


@pages.post("/quarantine/<row_id>/decisions")
def decide(row_id: str) -> ResponseReturnValue:
    """Repair, replay or discard an item; a refused step shows the page again with what was typed."""
    action, reason = field("action"), field("reason")
    # Of the form itself: blanks and line ends are part of a repaired text.
    body = request.form.get("body", "")
    facts: dict[str, str] = {"reason": reason, "seen": field("seen")}
    if action == "repair":
        facts["body"] = body
    step = _STEPS.get(action)
    if step is None:
        raise Problem("validation", errors={"action": [f"Must be one of: {', '.join(_STEPS)}."]})
    try:
        done = transact(step, actor(), row_id, **facts)
    except Problem as problem:
        if problem.slug == "not-found":
            raise
        tell_problem(problem)
        typed = {"action": action, "reason": reason, "body": body}
        return _show(row_id, typed), problem.kind.status
    tell(_("The item is now: %(state)s", state=str(ITEM_STATES[done.state])))
    return go("gateway_pages.item", row_id=row_id)


_STEPS: Mapping[str, Callable[..., desk.Decided]] = {
    "repair": desk.repair,
    "replay": desk.replay,
    "propose_discard": desk.propose_discard,
    "confirm_discard": desk.confirm_discard,
    "withdraw_discard": desk.withdraw_discard,
}


def _show(row_id: str, typed: Mapping[str, str]) -> str:
    scope = actor().require(Permission.READ_QUARANTINE)
    held = read(queries.quarantined_item, scope, row_id)
    return render_template("gateway/item.html", held=held, readable=_indented(held.body), typed=typed)


def _indented(text: str) -> str | None:
    """Return sound JSON with line breaks for reading, None for text that is no JSON (it is shown as it is)."""
    try:
        readable = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return None
    # An escape in the text may be half a surrogate pair, which no page can hold: it stays an escape.
    return readable.encode("utf-8", "backslashreplace").decode()
