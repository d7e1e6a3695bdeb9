"""Accounts made and changed by a system administrator; what they may do is granted by a security administrator."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.identity.models import Officer, Squad
from server.identity.operations.accounts import may_administer
from server.identity.operations.roster import NewOfficer, create_officer
from server.identity.operations.tree import agency_within
from server.identity.rules import Actor, Permission, normal_login
from server.ledger.audit import note
from server.ledger.operations import Doer
from server.problems import Problem, _


@dataclass(frozen=True)
class OfficerFacts:
    """What an administrator says of a person; the squad is one of the agency."""

    name: str
    agency_id: UUID
    squad_id: UUID | None = None
    certificate_no: str | None = None


def add_officer(session: Session, actor: Actor, login: str, facts: OfficerFacts, password_hash: str) -> UUID:
    """Make an account without any role, with a temporary password; returns its id.

    Raises not-found for an agency out of the actor's reach, and validation (login taken, squad of another agency).
    """
    login = normal_login(login)
    _demand_place(session, actor, facts)
    if not login or session.scalar(select(Officer.id).where(Officer.login == login)) is not None:
        raise Problem("validation", errors={"login": [_("This login is taken: choose another.")]})
    new = NewOfficer(
        agency_id=facts.agency_id,
        login=login,
        name=facts.name,
        password_hash=password_hash,
        grants=(),
        squad_id=facts.squad_id,
        certificate_no=facts.certificate_no,
        must_change_password=True,
    )
    made = create_officer(session, new)
    told = {"login": login, **_told(facts)}
    note(session, Doer(facts.agency_id, actor.officer_id), "officer_created", ("officer", str(made)), told)
    return made


def change_officer(session: Session, actor: Actor, officer_id: UUID, facts: OfficerFacts) -> None:
    """Change name, certificate, agency or squad; roles stay at the nodes where they were granted.

    Raises not-found and forbidden as every administration of an account does, and validation.
    """
    officer = may_administer(session, actor, officer_id)
    _demand_place(session, actor, facts)
    before = OfficerFacts(officer.name, officer.agency_id, officer.squad_id, officer.certificate_no)
    if before == facts:
        return
    officer.name, officer.certificate_no = facts.name, facts.certificate_no
    officer.agency_id, officer.squad_id = facts.agency_id, facts.squad_id
    told = {"login": officer.login, "before": _told(before), "after": _told(facts)}
    subject = ("officer", str(officer.id))
    # Both agencies read of a move: the one that loses the officer, too.
    for agency_id in sorted({before.agency_id, facts.agency_id}):
        note(session, Doer(agency_id, actor.officer_id), "officer_changed", subject, told)


def _demand_place(session: Session, actor: Actor, facts: OfficerFacts) -> None:
    agency = agency_within(session, actor.require(Permission.ADMINISTER_OFFICERS), facts.agency_id)
    if facts.squad_id is None:
        return
    squad = session.get(Squad, facts.squad_id)
    if squad is None or squad.agency_id != agency.id:
        raise Problem("validation", errors={"squad_id": [_("Choose a squad of this agency.")]})


def _told(facts: OfficerFacts) -> dict[str, str | None]:
    return {
        "name": facts.name,
        "agency_id": str(facts.agency_id),
        "squad_id": None if facts.squad_id is None else str(facts.squad_id),
        "certificate_no": facts.certificate_no,
    }
