"""Console pages and forms of what happens to a case's photographs beyond the case: holds, retention, public view."""

from collections.abc import Callable, Mapping
from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue

from server.casework.operations.holding import place_hold, release_hold
from server.casework.operations.retiring import propose_disposal
from server.casework.public_view import public_photo
from server.casework.refusals import tell_problem
from server.casework.retention_view import retention_view
from server.current import settings
from server.db import read, transact
from server.evidence import disposals, retention
from server.forms import field, field_id, go, tell
from server.i18n import _
from server.identity.rules import Permission
from server.problems import Problem
from server.web import actor, console_pages

pages = console_pages("care")


@pages.get("/evidence/<uuid:evidence_id>/public")
def public(evidence_id: UUID) -> ResponseReturnValue:
    """Send a photograph as it may leave the desk."""
    return public_photo(evidence_id)


@pages.post("/cases/<uuid:case_id>/holds")
def hold(case_id: UUID) -> ResponseReturnValue:
    """Place a legal hold on a case, or release one."""
    try:
        if field("hold_id"):
            transact(release_hold, actor(), case_id, field_id("hold_id"), reason=field("reason"))
            tell(_("The legal hold is released."))
        else:
            transact(place_hold, actor(), case_id, reason=field("reason"))
            tell(_("The case is under legal hold: nothing of it is disposed of."))
    except Problem as problem:
        if problem.slug == "not-found":
            raise
        tell_problem(problem)
    return go("casework_pages.case", case_id=case_id)


@pages.get("/retention")
def retention_page() -> ResponseReturnValue:
    """Show what is kept how long, what is due, and the disposals under way."""
    scope = actor().require(Permission.MANAGE_RETENTION)
    view = read(retention_view, scope, settings().retention_years)
    return render_template("casework/retention.html", view=view, the_system=disposals.THE_SYSTEM)


@pages.post("/retention/<any(rule, propose, approve, refuse):step>")
def act(step: str) -> ResponseReturnValue:
    """Take a step and go back to the page, which says what became of it."""
    try:
        tell(_STEPS[step]())
    except Problem as problem:
        if problem.slug == "not-found":
            raise
        tell_problem(problem)
    return go("care_pages.retention_page")


def _rule() -> str:
    text = field("years")
    if text and not text.isdecimal():
        raise Problem("validation", errors={"years": [_("Write a whole number of years.")]})
    transact(retention.set_years, actor(), field_id("agency_id"), "case", int(text[:4]) if text else None)
    return str(_("The retention is saved."))


def _propose() -> str:
    years = settings().retention_years
    transact(propose_disposal, actor(), field_id("case_id"), reason=field("reason"), default_years=years)
    return str(_("The disposal is proposed; another person must approve it."))


def _approve() -> str:
    transact(
        disposals.approve, actor(), field_id("disposal_id"), reason=field("reason"), version=field("version") or None
    )
    return str(_("The disposal is approved; it is executed in seven days unless somebody refuses it or places a hold."))


def _refuse() -> str:
    transact(
        disposals.refuse, actor(), field_id("disposal_id"), reason=field("reason"), version=field("version") or None
    )
    return str(_("The disposal is refused."))


_STEPS: Mapping[str, Callable[[], str]] = {
    "rule": _rule,
    "propose": _propose,
    "approve": _approve,
    "refuse": _refuse,
}
