"""Console pages of cases: the list by state, one case, and the desk's actions as forms."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from server.casework import operations, queries
from server.casework.bundle.answer import send_bundle
from server.casework.labels import ACTIONS
from server.casework.numbers import Numbering
from server.casework.records import CasePage, CaseRecord
from server.casework.rules import Action, State, permission_of
from server.current import settings
from server.db import read, transact
from server.evidence import board
from server.evidence import queries as evidence
from server.forms import field, field_id, go, tell, tell_problem
from server.identity import queries as identity
from server.identity.rules import Actor, Permission
from server.keyset import Page
from server.problems import Problem
from server.web import actor, console_pages, page_args

pages = console_pages("casework")
Scope = tuple[str, ...]


@dataclass(frozen=True)
class CaseList:
    """A page of cases, the figures of all states, and the names shown."""

    page: Page[CaseRecord]
    counts: Mapping[State, int]
    names: Mapping[UUID, str]


@dataclass(frozen=True)
class CaseView:
    """A case with what its page shows around it."""

    page: CasePage
    missing: tuple[evidence.MissingPhoto, ...]
    names: Mapping[UUID, str]
    squads: list[identity.SquadRow]


@pages.get("/cases")
def cases() -> ResponseReturnValue:
    """List the cases in the actor's scope, newest first, all or those in one state."""
    scope = actor().require(Permission.READ_CASES)
    after, limit = page_args()
    state = request.args.get("state") or None
    return render_template("casework/cases.html", view=read(_list, scope, state, after, limit), state=state)


@pages.get("/cases/<uuid:case_id>")
def case(case_id: UUID) -> ResponseReturnValue:
    """Show one case: facts, evidence, timeline, tasks, and the steps that this officer may take now."""
    return _show(case_id, {})


@pages.post("/cases/<uuid:case_id>/actions")
def act(case_id: UUID) -> ResponseReturnValue:
    """Take a step; a refused one shows the page again with what was typed."""
    action, reason = field("action"), field("reason")
    try:
        squad_id = field_id("squad_id") if field("squad_id") else None
        version = field("version") or None
        transact(
            operations.act,
            actor(),
            case_id,
            action,
            version=version,
            reason=reason,
            squad_id=squad_id,
            numbering=Numbering(timezone=settings().timezone),
        )
    except Problem as problem:
        if problem.slug == "not-found":
            raise
        tell_problem(problem)
        typed = {"action": action, "reason": reason, "squad_id": field("squad_id")}
        return _show(case_id, typed), problem.kind.status
    tell(str(ACTIONS[action]))
    return go("casework_pages.case", case_id=case_id)


@pages.post("/cases/<uuid:case_id>/bundle")
def bundle(case_id: UUID) -> ResponseReturnValue:
    """Export the case as a file; a form, because every export is recorded."""
    return send_bundle(case_id, actor())


def _show(case_id: UUID, typed: Mapping[str, str]) -> str:
    me = actor()
    view = read(_view, me.require(Permission.READ_CASES), case_id)
    shots = view.page.evidence
    return render_template(
        "casework/case.html",
        view=view,
        group=board.group(shots) if shots else None,
        actions=permitted(me, view.page),
        typed=typed,
    )


def permitted(me: Actor, page: CasePage) -> list[str]:
    """Return the steps that the case's state allows and the officer may take somewhere (the operation decides)."""
    return [action for action in page.actions if me.may(permission_of(Action(action)))]


def _list(session: Session, scope: Scope, state: str | None, after: str | None, limit: int) -> CaseList:
    page = queries.cases(session, scope, state=state, after=after, limit=limit)
    names = identity.names(session, {one.squad_id for one in page.items} | {one.agency_id for one in page.items})
    return CaseList(page, queries.counts_by_state(session, scope), names)


def _view(session: Session, scope: Scope, case_id: UUID) -> CaseView:
    page = queries.case_page(session, scope, case_id)
    missing = evidence.missing(session, scope, case_id=case_id, limit=200).items
    return CaseView(page, missing, identity.names(session, _named(page)), identity.squads(session, scope))


def _named(page: CasePage) -> set[UUID | None]:
    case_ = page.case
    found: set[UUID | None] = {case_.agency_id, case_.squad_id, case_.reporter_id, case_.install_id}
    for entry in page.timeline:
        found |= {entry.actor_id, entry.install_id}
    for task in page.tasks:
        found |= {task.squad_id, task.officer_id}
    for amendment in page.amendments:
        found |= {amendment.officer_id, amendment.install_id}
    for hold in page.holds:
        found |= {hold.placed_by, hold.released_by}
    for shot in page.evidence:
        found |= {shot.officer_id, shot.install_id}
    return found
