"""Console pages of duplicates: what waits for the desk, and merging from a case's page."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from server.casework.duplicates import merging, policy, queries
from server.casework.duplicates.merging import Wish
from server.casework.duplicates.queries import LinkRecord
from server.casework.refusals import tell_problem
from server.db import read, transact
from server.forms import field, go, tell
from server.i18n import _
from server.identity import queries as identity
from server.identity.rules import Permission
from server.keyset import Page
from server.problems import Problem
from server.web import actor, console_pages, page_args

pages = console_pages("duplicates")


@dataclass(frozen=True)
class DuplicateView:
    """A page of duplicates, the policies, and the names shown."""

    page: Page[LinkRecord]
    policies: list[policy.PolicyRow]
    names: Mapping[UUID, str]


@pages.get("/duplicates")
def duplicates() -> ResponseReturnValue:
    """List likely duplicates that wait for the desk, or those in another state."""
    after, limit = page_args()
    state = request.args.get("state") or "proposed"
    view = read(_view, actor().require(Permission.READ_CASES), state, after, limit)
    return render_template("casework/duplicates.html", view=view, state=state, states=queries.STATES)


@pages.post("/duplicates/<uuid:link_id>")
def decide(link_id: UUID) -> ResponseReturnValue:
    """Take a proposal up or dismiss it."""
    accept = field("decision") == "accept"
    try:
        transact(merging.decide, actor(), link_id, accept=accept, reason=field("reason"))
        tell(_("The case is a further report now.") if accept else _("They stay two cases and are not proposed again."))
    except Problem as problem:
        tell_problem(problem)
    return go("duplicates_pages.duplicates")


@pages.post("/cases/<uuid:case_id>/merge")
def merge(case_id: UUID) -> ResponseReturnValue:
    """Merge a case into another, or let it stand for itself again."""
    me, wish = actor(), Wish(field("reason"), field("version") or None)
    try:
        if field("into"):
            into = read(queries.found_case, me.require(Permission.MERGE_CASES), field("into"))
            transact(merging.merge, me, case_id, into, wish)
            tell(_("The case is a further report now."))
        else:
            transact(merging.undo_merge, me, case_id, wish)
            tell(_("The case stands for itself again."))
    except Problem as problem:
        if problem.slug == "not-found":
            raise
        tell_problem(problem)
    return go("casework_pages.case", case_id=case_id)


def _view(session: Session, scope: tuple[str, ...], state: str, after: str | None, limit: int) -> DuplicateView:
    page = queries.proposals(session, scope, state=state, after=after, limit=limit)
    rows = policy.policies(session, scope)
    shown = {one.reporter_id for link in page.items for one in (link.case, link.other)}
    return DuplicateView(page, rows, identity.names(session, shown | {row.agency_id for row in rows}))
