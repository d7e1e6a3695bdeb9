"""Everything that is proposed for one case: units by the matrix, collectors by place. Read-only."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.casework.dispatching.collectors import CollectorProposal, propose_collectors
from server.casework.dispatching.proposals import Proposal, propose_units
from server.casework.models import Case
from server.identity.scope import agencies_in
from server.problems import Problem


@dataclass(frozen=True)
class CaseProposals:
    """Who might dispose of a case, and who might look at it."""

    units: list[Proposal]
    collectors: list[CollectorProposal]


def proposals_for(session: Session, scope: tuple[str, ...], case_id: UUID, on: date) -> CaseProposals:
    """Return what is proposed for a case on a day; raises not-found, also out of scope."""
    mine = Case.id == case_id, Case.agency_id.in_(agencies_in(scope))
    case = session.scalars(select(Case).where(*mine)).one_or_none()
    if case is None:
        raise Problem("not-found")
    return CaseProposals(propose_units(session, case, on), propose_collectors(session, case))
