"""What the retention page and its API show: rules in scope, cases that are due, disposals by state. Read-only."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from server.casework.ended import DueCase, due_cases
from server.casework.queries import case_numbers
from server.evidence import disposals
from server.evidence.disposals import DisposalRecord
from server.evidence.holds import held
from server.evidence.retention import Kept, kept_by_agency
from server.identity import queries as identity
from server.identity.scope import agencies_in

MOST_SHOWN = 100


@dataclass(frozen=True)
class RetentionView:
    """The whole page; ``held``: cases under a legal hold among those shown."""

    rules: list[Kept]
    due: list[DueCase]
    proposed: list[DisposalRecord]
    approved: list[DisposalRecord]
    ended: list[DisposalRecord]
    case_numbers: Mapping[UUID, str | None]
    names: Mapping[UUID, str]
    held: set[UUID]


def retention_in(session: Session, scope: tuple[str, ...], default_years: int) -> list[Kept]:
    """Return how long the agencies in scope keep their cases' photographs."""
    mine = set(session.scalars(agencies_in(scope)))
    return [kept for kept in kept_by_agency(session, "case", default_years).values() if kept.agency_id in mine]


def retention_view(session: Session, scope: tuple[str, ...], default_years: int) -> RetentionView:
    """Return what the page shows to who manages the retention of ``scope``."""
    rules = retention_in(session, scope, default_years)
    due = due_cases(session, default_years, scope=scope, limit=MOST_SHOWN)
    proposed = disposals.listing(session, scope, ["proposed"], MOST_SHOWN)
    approved = disposals.listing(session, scope, ["approved"], MOST_SHOWN)
    ended = disposals.listing(session, scope, ["executed", "refused"], MOST_SHOWN)
    shown = [*proposed, *approved, *ended]
    owners = {one.owner_id for one in shown}
    people = {person for one in shown for person in (one.proposed_by, one.decided_by)}
    return RetentionView(
        rules=rules,
        due=due,
        proposed=proposed,
        approved=approved,
        ended=ended,
        case_numbers=case_numbers(session, owners),
        names=identity.names(session, people | {one.owner.agency_id for one in due}),
        held=held(session, "case", owners),
    )
