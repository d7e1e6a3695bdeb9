"""Disposal of the photographs of ended cases: proposed by a person, or by the yearly job for all that are due."""

import contextlib
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from server.casework.ended import due_cases, finished
from server.casework.operations.roots import lock_case
from server.clock import now
from server.evidence import disposals
from server.evidence.holds import meet_owner
from server.identity.rules import Actor, Permission
from server.problems import Problem, _

MOST_AT_ONCE = 100
# What somebody refused is asked again when a year is over.
ASKED_AGAIN = timedelta(days=330)
YEARLY_REASON = _("The retention period is over.")


def propose_disposal(session: Session, actor: Actor, case_id: UUID, *, reason: str, default_years: int) -> UUID:
    """Propose to dispose of a case's photographs; return the disposal's id.

    Raises not-found (also out of scope), retention-runs (it has not ended), and what disposals.propose raises.
    """
    scope = actor.require(Permission.MANAGE_RETENTION)
    meet_owner(session, ("case", case_id))
    case = lock_case(session, case_id, scope)
    if case is None:
        raise Problem("not-found")
    owner = finished(case)
    if owner is None:
        raise Problem("retention-runs")
    return disposals.propose(session, actor, owner, reason=reason, default_years=default_years)


def propose_due(session: Session, default_years: int) -> int:
    """Propose up to MOST_AT_ONCE cases that are due and that nobody has refused this year; return how many."""
    due = due_cases(session, default_years, not_refused_since=now() - ASKED_AGAIN, limit=MOST_AT_ONCE)
    for one in due:
        # Held or proposed by a person since it was read: then it is not the job's any more.
        with contextlib.suppress(Problem):
            disposals.propose(session, None, one.owner, reason=YEARLY_REASON, default_years=default_years)
    return len(due)
