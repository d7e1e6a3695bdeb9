"""When a request can be made and who decides it. Pure; source of the rules: domain.md section 2.2 and 2.7.

One limit more at most twice; one suspension of at most a year; neither once the limit has passed. An appeal against
lateness never erases the fact: approved by two reviews, it exempts the case from the statistics.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from server.identity.rules import Permission
from server.problems import Problem, _

MOST_EXTENSIONS = 2
LONGEST_SUSPENSION = timedelta(days=365)
MOST_REASON = 500


class RequestKind(StrEnum):
    """What is asked for."""

    EXTENSION = "extension"
    SUSPENSION = "suspension"
    APPEAL = "appeal"
    FORCE_CLOSE = "force_close"


class RequestState(StrEnum):
    """Where a request stands; an open one waits for somebody."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """What a decision says."""

    APPROVE = "approve"
    REJECT = "reject"


# What gives a unit more time is asked while the unit has the case.
AT_WORK = frozenset({"dispatched", "in_disposal", "rework"})
DECIDES: Mapping[RequestKind, Permission] = {
    RequestKind.EXTENSION: Permission.DECIDE_REQUEST,
    RequestKind.SUSPENSION: Permission.DECIDE_REQUEST,
    RequestKind.APPEAL: Permission.DECIDE_REQUEST,
    RequestKind.FORCE_CLOSE: Permission.FORCE_CLOSE,
}


@dataclass(frozen=True)
class Standing:
    """How a case stands when time is asked for; ``due_at``: of its running disposal clock, None if none runs."""

    state: str
    due_at: datetime | None
    extensions: int
    was_suspended: bool


def decided_with(kind: RequestKind, *, reviewed_once: bool) -> Permission:
    """Return what the next decision about a request asks for; the second look at an appeal is another office's."""
    return Permission.REVIEW_APPEAL if kind is RequestKind.APPEAL and reviewed_once else DECIDES[kind]


def demand_time_can_be_given(kind: RequestKind, standing: Standing, at: datetime) -> None:
    """Raise request-impossible where an extension or a suspension cannot be granted any more (or yet)."""
    if standing.state not in AT_WORK:
        raise impossible("state", _("Only while a unit has the case can it be given more time."))
    if standing.due_at is None:
        raise impossible("no_clock", _("No time limit is running for the disposal."))
    if standing.due_at < at:
        raise impossible("overdue", _("The time limit has passed; against lateness there is the appeal."))
    if kind is RequestKind.EXTENSION and standing.extensions >= MOST_EXTENSIONS:
        raise impossible("used_up", _("The time limit was extended twice already."))
    if kind is RequestKind.SUSPENSION and standing.was_suspended:
        raise impossible("used_up", _("The case was suspended once already."))


def demand_until(until: datetime | None, at: datetime) -> datetime:
    """Return when a suspension is to end; raises validation unless that is within a year."""
    if until is None or not at < until <= at + LONGEST_SUSPENSION:
        raise Problem("validation", errors={"until": [_("Give a time within the next 365 days.")]})
    return until


def impossible(why: str, told: str) -> Problem:
    """Return the refusal of a request that cannot be granted as the case stands; ``why`` is for programs."""
    return Problem("request-impossible", told, why=why)
