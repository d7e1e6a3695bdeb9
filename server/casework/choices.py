"""What a desk chooses from on a case's page: who can look, and which condition of the class is met. Read-only."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from server.casework.records import CaseRecord
from server.casework.rules import Action
from server.identity.models import Officer, RoleGrant
from server.identity.rules import FIELD_ROLES
from server.identity.scope import agencies_in
from server.standards.conditions import Condition, conditions_of
from server.standards.queries import newest_version

# A select with more names than that is no choice: the API takes any officer.
MOST_OFFICERS = 300
_LOOKS = frozenset({Action.VERIFY, Action.SEND_CHECK})


@dataclass(frozen=True)
class FieldOfficer:
    """Somebody who can be sent."""

    id: UUID
    name: str


@dataclass(frozen=True)
class Choices:
    """Officers in the field by name, and the conditions of the case's class; empty where no step asks for them."""

    officers: tuple[FieldOfficer, ...] = ()
    conditions: tuple[Condition, ...] = ()


def choices_for(session: Session, scope: tuple[str, ...], case: CaseRecord, actions: Collection[str]) -> Choices:
    """Return what the steps that are offered have to choose from."""
    officers = _officers(session, scope) if _LOOKS.intersection(actions) else ()
    return Choices(officers, _conditions(session, case) if Action.FILE in actions else ())


def _officers(session: Session, scope: tuple[str, ...]) -> tuple[FieldOfficer, ...]:
    granted = exists().where(RoleGrant.officer_id == Officer.id, RoleGrant.role.in_(FIELD_ROLES))
    mine = Officer.active.is_(True), Officer.agency_id.in_(agencies_in(scope)), granted
    rows = session.execute(select(Officer.id, Officer.name).where(*mine).order_by(Officer.name).limit(MOST_OFFICERS))
    return tuple(FieldOfficer(row.id, row.name) for row in rows)


def _conditions(session: Session, case: CaseRecord) -> tuple[Condition, ...]:
    version = newest_version(session, case.scheme)
    return () if version is None else conditions_of(session, case.scheme, version, case.category_code)
