"""The agency tree and its squads, kept by system administrators: made and renamed below their own node.

A code is the step of a path that every row's scope hangs on, so it never changes; a top agency is made on the
command line only.
"""

import re
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.identity.models import Agency, Squad
from server.identity.operations.roster import NewAgency, create_agency, create_squad
from server.identity.rules import Actor, Permission, within
from server.ledger.audit import note
from server.ledger.operations import Doer
from server.problems import Problem, _

# Steps of a path: a slash would forge one, and a blank or a quote would be typed wrong for ever.
_CODE = re.compile(r"[0-9A-Za-z_-]{1,16}")
_LONGEST_PATH = 128


def add_agency(session: Session, actor: Actor, parent_id: UUID, facts: NewAgency) -> UUID:
    """Add an agency below one within the actor's scope; raises not-found and validation (code taken or unfit)."""
    parent = agency_within(session, actor.require(Permission.MANAGE_AGENCIES), parent_id)
    demand_code(session, facts.code, parent.path)
    made = create_agency(session, replace(facts, parent_id=parent.id))
    told = {"code": facts.code, "name": facts.name, "kind": facts.kind, "parent_id": str(parent.id)}
    note(session, Doer(made, actor.officer_id), "agency_created", ("agency", str(made)), told)
    return made


def rename_agency(session: Session, actor: Actor, agency_id: UUID, name: str) -> None:
    """Give an agency another name; raises not-found."""
    agency = agency_within(session, actor.require(Permission.MANAGE_AGENCIES), agency_id)
    if agency.name != name:
        told = {"before": agency.name, "after": name}
        agency.name = name
        note(session, Doer(agency.id, actor.officer_id), "agency_renamed", ("agency", str(agency.id)), told)


def add_squad(session: Session, actor: Actor, agency_id: UUID, name: str) -> UUID:
    """Add a squad or disposal unit to an agency; raises not-found and validation (name taken there)."""
    agency = agency_within(session, actor.require(Permission.MANAGE_AGENCIES), agency_id)
    _demand_free(session, agency.id, name)
    made = create_squad(session, agency.id, name)
    note(session, Doer(agency.id, actor.officer_id), "squad_created", ("squad", str(made)), {"name": name})
    return made


def rename_squad(session: Session, actor: Actor, squad_id: UUID, name: str) -> None:
    """Give a squad another name; raises not-found and validation."""
    scope = actor.require(Permission.MANAGE_AGENCIES)
    squad = session.get(Squad, squad_id, with_for_update=True)
    if squad is None or not within(session.get_one(Agency, squad.agency_id).path, scope):
        raise Problem("not-found", _("There is no such squad in your agencies."))
    if squad.name != name:
        _demand_free(session, squad.agency_id, name)
        told = {"before": squad.name, "after": name}
        squad.name = name
        note(session, Doer(squad.agency_id, actor.officer_id), "squad_renamed", ("squad", str(squad.id)), told)


def agency_within(session: Session, scope: tuple[str, ...], agency_id: UUID) -> Agency:
    """Return the locked agency if it lies in ``scope``; raises not-found."""
    agency = session.get(Agency, agency_id, with_for_update={"key_share": True})
    if agency is None or not within(agency.path, scope):
        raise Problem("not-found", _("There is no such agency among yours."))
    return agency


def demand_code(session: Session, code: str, above: str) -> None:
    """Raise validation unless ``code`` may become an agency's below the path ``above``."""
    wrong = None
    if not _CODE.fullmatch(code):
        wrong = _("Must be 1 to 16 letters, digits, - and _.")
    elif len(above) + len(code) + 1 > _LONGEST_PATH:
        wrong = _("The tree is too deep here.")
    elif session.scalar(select(Agency.id).where(Agency.code == code)) is not None:
        wrong = _("Another agency has this code.")
    if wrong is not None:
        raise Problem("validation", errors={"code": [wrong]})


def _demand_free(session: Session, agency_id: UUID, name: str) -> None:
    if session.scalar(select(Squad.id).where(Squad.agency_id == agency_id, Squad.name == name)) is not None:
        raise Problem("validation", errors={"name": [_("The agency has a squad of this name already.")]})
