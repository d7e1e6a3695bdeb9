"""Console pages of administration: the agency tree with its squads, and one officer with account and roles."""

from uuid import UUID

from flask import make_response, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from server.current import settings
from server.db import read, transact
from server.forms import chosen_id, field, field_id, go, tell, tell_problem
from server.i18n import _
from server.identity import admission, operations, queries
from server.identity.labels import AGENCY_KINDS, ROLES
from server.identity.operations import factors
from server.identity.rules import Actor, AgencyKind, Permission, Role
from server.problems import Problem
from server.web import actor, console_pages

pages = console_pages("administration")
_LONGEST = 64


@pages.get("/agencies")
def agencies() -> ResponseReturnValue:
    """Show the agency tree with its squads, and the forms that add to it."""
    scope = actor().require(Permission.MANAGE_AGENCIES)
    shown = read(queries.agencies, scope)
    return render_template(
        "identity/agencies.html", agencies=shown, squads=read(queries.squads, scope), kinds=AGENCY_KINDS
    )


@pages.post("/agencies/<any(add, rename, squad, rename_squad):step>")
def change_tree(step: str) -> ResponseReturnValue:
    """Add or rename an agency or a squad."""
    try:
        transact(_change_tree, actor(), step)
        tell(_("Saved."))
    except Problem as problem:
        tell_problem(problem)
    return go("administration_pages.agencies")


def _change_tree(session: Session, me: Actor, step: str) -> None:
    if step == "add":
        kind = field("kind")
        if kind not in set(AgencyKind):
            raise Problem("validation", errors={"kind": [_("Choose one.")]})
        facts = operations.NewAgency(field("code"), _name(), kind)
        operations.add_agency(session, me, field_id("agency_id"), facts)
    elif step == "rename":
        operations.rename_agency(session, me, field_id("agency_id"), _name())
    elif step == "squad":
        operations.add_squad(session, me, field_id("agency_id"), _name())
    else:
        operations.rename_squad(session, me, field_id("squad_id"), _name())


@pages.get("/officers/new")
def new_officer() -> ResponseReturnValue:
    """Show the form of a new account, its agency chosen first."""
    scope = actor().require(Permission.ADMINISTER_OFFICERS)
    return _officer_form(scope, None, chosen_id("agency"))


@pages.post("/officers/new")
def add_officer() -> ResponseReturnValue:
    """Make an account and show its temporary password once."""
    try:
        made = admission.add_officer(actor(), _name("login"), _facts(), chosen=settings())
    except Problem as problem:
        tell_problem(problem)
        return go("administration_pages.new_officer", agency=field("agency_id"))
    response = make_response(render_template("identity/password.html", made=made))
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/officers/<uuid:officer_id>")
def officer(officer_id: UUID) -> ResponseReturnValue:
    """Show one officer: account, roles, second factor, and what the reader may change of them."""
    me = actor()
    card = read(queries.officer, me.require(Permission.READ_OFFICERS), officer_id)
    return _officer_form(me.scope(Permission.READ_OFFICERS), card, card.agency_id)


@pages.post("/officers/<uuid:officer_id>/<any(facts, grant, revoke, reset_factor):step>")
def change_officer(officer_id: UUID, step: str) -> ResponseReturnValue:
    """Change an officer's facts, give or take a role, or reset the second factor."""
    try:
        transact(_change_officer, actor(), officer_id, step)
        tell(_("Saved."))
    except Problem as problem:
        if problem.slug == "not-found":
            raise
        tell_problem(problem)
    return go("administration_pages.officer", officer_id=officer_id)


def _change_officer(session: Session, me: Actor, officer_id: UUID, step: str) -> None:
    if step == "facts":
        operations.change_officer(session, me, officer_id, _facts())
    elif step == "grant":
        one = settings().one_administrator
        operations.grant_role(session, me, officer_id, _role_at(), one_administrator=one)
    elif step == "revoke":
        operations.revoke_role(session, me, officer_id, _role_at())
    else:
        factors.reset(session, me, officer_id)


def _officer_form(scope: tuple[str, ...], card: queries.OfficerCard | None, agency_id: UUID | None) -> str:
    squads = [squad for squad in read(queries.squads, scope) if agency_id in {None, squad.agency_id}]
    return render_template(
        "identity/officer.html",
        officer=card,
        agencies=read(queries.agencies, scope),
        agency_id=agency_id,
        squads=squads,
        roles=ROLES,
    )


def _facts() -> operations.OfficerFacts:
    squad_id = field_id("squad_id") if field("squad_id") else None
    certificate = _name("certificate_no") if field("certificate_no") else None
    return operations.OfficerFacts(_name(), field_id("agency_id"), squad_id, certificate)


def _role_at() -> operations.RoleAt:
    role = field("role")
    if role not in set(Role):
        raise Problem("validation", errors={"role": [_("Choose one.")]})
    return operations.RoleAt(Role(role), field_id("agency_id"))


def _name(of: str = "name") -> str:
    text = field(of)
    if not text or len(text) > _LONGEST or not text.isprintable():
        raise Problem("validation", errors={of: [_("Must be one line of 1 to 64 printable characters.")]})
    return text
