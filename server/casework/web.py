"""Console pages of cases: the list by state, one case, and the desk's actions as forms."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from server.casework import operations, queries
from server.casework.bundle.answer import send_bundle
from server.casework.choices import Choices, choices_for
from server.casework.dispatching.case_proposals import CaseProposals, proposals_for
from server.casework.dispatching.proposals import today
from server.casework.duplicates.queries import LinkRecord, links_of
from server.casework.labels import ACTIONS
from server.casework.numbers import Numbering
from server.casework.records import CasePage, CaseRecord
from server.casework.refusals import tell_problem
from server.casework.rules import ENDED, Action, State, permission_of
from server.current import settings
from server.db import read, transact
from server.evidence import board
from server.evidence import queries as evidence
from server.forms import field, field_id, go, tell
from server.identity import queries as identity
from server.identity.rules import Actor, Permission
from server.keyset import Page
from server.problems import Problem, _
from server.web import actor, console_pages, page_args

pages = console_pages("casework")
Scope = tuple[str, ...]
_TYPED = ("reason", "squad_id", "officer_id", "condition_no", "instructions")


@dataclass(frozen=True)
class Wanted:
    """Which cases a list shows: a state, words that must occur, and the squad of a unit's account."""

    state: str | None
    asked: str
    unit: UUID | None


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
    choices: Choices
    links: tuple[LinkRecord, ...]
    proposals: CaseProposals | None


@pages.get("/cases")
def cases() -> ResponseReturnValue:
    """List the cases in the actor's scope, newest first, all or those in one state."""
    me = actor()
    scope = me.require(Permission.READ_CASES)
    after, limit = page_args()
    state, asked = request.args.get("state") or None, request.args.get("q", "")
    wanted = Wanted(state, asked, me.unit_squad)
    view = read(_list, scope, wanted, after, limit)
    return render_template("casework/cases.html", view=view, state=state, asked=asked)


@pages.get("/cases/<uuid:case_id>")
def case(case_id: UUID) -> ResponseReturnValue:
    """Show one case: facts, evidence, timeline, tasks, and the steps that this officer may take now."""
    return _show(case_id, {})


@pages.post("/cases/<uuid:case_id>/actions")
def act(case_id: UUID) -> ResponseReturnValue:
    """Take a step; a refused one shows the page again with what was typed."""
    action = field("action")
    try:
        numbering = Numbering(timezone=settings().timezone)
        transact(operations.act, actor(), case_id, action, given_in_form(), numbering=numbering)
    except Problem as problem:
        if problem.slug == "not-found":
            raise
        tell_problem(problem)
        typed = {"action": action, **{name: field(name) for name in _TYPED}}
        return _show(case_id, typed), problem.kind.status
    tell(str(ACTIONS[action]))
    return go("casework_pages.case", case_id=case_id)


@pages.post("/cases/<uuid:case_id>/bundle")
def bundle(case_id: UUID) -> ResponseReturnValue:
    """Export the case as a file; a form, because every export is recorded."""
    return send_bundle(case_id, actor())


def given_in_form() -> operations.Given:
    """Read what comes with an action; raises validation."""
    number = field("condition_no")
    if number and not number.isdecimal():
        raise Problem("validation", errors={"condition_no": [_("Choose one.")]})
    return operations.Given(
        version=field("version") or None,
        reason=field("reason"),
        squad_id=field_id("squad_id") if field("squad_id") else None,
        officer_id=field_id("officer_id") if field("officer_id") else None,
        condition_no=int(number) if number else None,
        instructions=field("instructions") or None,
    )


def _show(case_id: UUID, typed: Mapping[str, str]) -> str:
    me = actor()
    view = read(_view, me, case_id)
    shots = view.page.evidence
    return render_template(
        "casework/case.html",
        view=view,
        group=board.group(shots) if shots else None,
        actions=permitted(me, view.page),
        typed=typed,
    )


def permitted(me: Actor, page: CasePage) -> list[str]:
    """Return the steps that the case's state allows and the officer may take somewhere (the operation decides).

    A unit's steps are for the unit that has the case.
    """
    found = []
    for action in page.actions:
        permission = permission_of(Action(action))
        of_unit = permission is Permission.DISPOSE_CASE
        if me.unit_squad == page.case.squad_id if of_unit else me.may(permission):
            found.append(action)
    return found


def _list(session: Session, scope: Scope, wanted: Wanted, after: str | None, limit: int) -> CaseList:
    page = queries.cases(
        session, scope, state=wanted.state, asked=wanted.asked, unit=wanted.unit, after=after, limit=limit
    )
    names = identity.names(session, {one.squad_id for one in page.items} | {one.agency_id for one in page.items})
    return CaseList(page, queries.counts_by_state(session, scope, unit=wanted.unit), names)


def _view(session: Session, me: Actor, case_id: UUID) -> CaseView:
    scope = me.require(Permission.READ_CASES)
    page = queries.case_page(session, scope, case_id, unit=me.unit_squad)
    missing = evidence.missing(session, scope, case_id=case_id, limit=200).items
    links = links_of(session, case_id)
    reporters = {one.reporter_id for link in links for one in (link.case, link.other)}
    return CaseView(
        page=page,
        missing=missing,
        names=identity.names(session, _named(page) | reporters),
        squads=identity.squads(session, scope),
        choices=choices_for(session, scope, page.case, permitted(me, page)),
        links=links,
        proposals=_proposals(session, scope, page) if me.may(Permission.DISPATCH_CASE) else None,
    )


def _proposals(session: Session, scope: Scope, page: CasePage) -> CaseProposals | None:
    """Return who is proposed for a case that somebody has to be found for; None once it has ended."""
    if page.case.state in ENDED:
        return None
    return proposals_for(session, scope, page.case.id, today(settings().timezone))


def _named(page: CasePage) -> set[UUID | None]:
    case_ = page.case
    found: set[UUID | None] = {case_.agency_id, case_.squad_id, case_.reporter_id, case_.install_id}
    for entry in page.timeline:
        found |= {entry.actor_id, entry.install_id}
    for task in page.tasks:
        found |= {task.squad_id, task.officer_id, task.accepted_by}
    for amendment in page.amendments:
        found |= {amendment.officer_id, amendment.install_id}
    for hold in page.holds:
        found |= {hold.placed_by, hold.released_by}
    for shot in page.evidence:
        found |= {shot.officer_id, shot.install_id}
    return found
