"""Console pages of requests: the desk's list with its decisions, and asking about one case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from server.casework.refusals import tell_problem
from server.casework.requests import queries
from server.casework.requests.asking import Wish, ask, withdraw
from server.casework.requests.deciding import decide
from server.casework.requests.records import RequestRecord
from server.casework.requests.rules import RequestKind, RequestState, Verdict
from server.casework.requests.schemas import KINDS, STAGES, STATES
from server.current import settings
from server.db import read, transact
from server.forms import field, go, tell
from server.i18n import _
from server.identity import queries as identity
from server.identity.rules import Actor, Permission
from server.keyset import Page
from server.problems import Problem
from server.web import actor, console_pages, page_args

pages = console_pages("requests")


@dataclass(frozen=True)
class RequestView:
    """A page of requests and the names shown."""

    page: Page[RequestRecord]
    names: Mapping[UUID, str]


@pages.get("/requests")
def requests() -> ResponseReturnValue:
    """List the requests that wait for a decision, or those in another state."""
    me = actor()
    me.require(Permission.READ_CASES)
    after, limit = page_args()
    state = request.args.get("state") or RequestState.OPEN.value
    view = read(_listed, me, state, after, limit)
    return render_template("casework/requests.html", view=view, state=state, states=STATES)


@pages.get("/cases/<uuid:case_id>/requests")
def of_case(case_id: UUID) -> ResponseReturnValue:
    """Show the requests about a case, and the form for a new one."""
    me = actor()
    me.require(Permission.READ_CASES)
    view = read(_of_case, me, case_id)
    return render_template("casework/case_requests.html", view=view, case_id=case_id, kinds=KINDS, stages=STAGES)


@pages.post("/cases/<uuid:case_id>/requests")
def make(case_id: UUID) -> ResponseReturnValue:
    """Ask for something."""
    try:
        transact(ask, actor(), case_id, _wish())
        tell(_("The request waits for its decision; you are told of it in your inbox."))
    except Problem as problem:
        if problem.slug == "not-found":
            raise
        tell_problem(problem)
    return go("requests_pages.of_case", case_id=case_id)


@pages.post("/requests/<uuid:request_id>")
def settle(request_id: UUID) -> ResponseReturnValue:
    """Approve, reject or take back a request."""
    try:
        if field("step") == "withdraw":
            transact(withdraw, actor(), request_id)
            tell(_("The request is taken back."))
        else:
            verdict = Verdict.APPROVE if field("step") == "approve" else Verdict.REJECT
            made = transact(decide, actor(), request_id, verdict, reason=field("reason"))
            tell(_("The request waits for its second review.") if made.waits_for else _("The request is decided."))
    except Problem as problem:
        if problem.slug == "not-found":
            raise
        tell_problem(problem)
    return go("requests_pages.requests")


def _wish() -> Wish:
    if field("kind") not in KINDS:
        raise Problem("validation", errors={"kind": [_("Choose one.")]})
    stage = field("stage") or "disposal"
    if stage not in STAGES:
        raise Problem("validation", errors={"stage": [_("Choose one.")]})
    return Wish(RequestKind(field("kind")), field("reason"), _until(), stage)


def _until() -> datetime | None:
    """Read the end of a suspension, which a form writes without zone: it means that of the console."""
    text = field("until")
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(settings().timezone))
    except ValueError as error:
        raise Problem("validation", errors={"until": [_("This is not a date and time.")]}) from error


def _listed(session: Session, me: Actor, state: str, after: str | None, limit: int) -> RequestView:
    page = queries.requests(session, me, state=state, after=after, limit=limit)
    return RequestView(page, _names(session, page.items))


def _of_case(session: Session, me: Actor, case_id: UUID) -> RequestView:
    found = queries.requests_of(session, me, case_id)
    return RequestView(Page(found, None), _names(session, found))


def _names(session: Session, shown: tuple[RequestRecord, ...]) -> Mapping[UUID, str]:
    ids = {one_id for one in shown for one_id in (one.asked_by, one.first_by, one.decided_by, one.agency_id)}
    return identity.names(session, ids)
