"""The states of a case, in the order of the loop, and what they have in common. Pure."""

from enum import StrEnum


class State(StrEnum):
    """Where a case stands; what stands after ``closed`` are other ends than the loop's own."""

    REPORTED = "reported"
    VERIFYING = "verifying"
    FILED = "filed"
    DISPATCHED = "dispatched"
    RETURNED = "returned"
    IN_DISPOSAL = "in_disposal"
    SUSPENDED = "suspended"
    DISPOSED = "disposed"
    CHECKING = "checking"
    REWORK = "rework"
    CLOSED = "closed"
    FORCED_CLOSED = "forced_closed"
    REJECTED = "rejected"
    # A further report of another case; parting them makes it what it was.
    MERGED = "merged"
    # Found and fixed on the spot: the case never enters the loop (domain.md section 2.2).
    SELF_HANDLED = "self_handled"


# Nothing is to be done any more; only undoing a merge leads on from here.
ENDED = frozenset({State.CLOSED, State.FORCED_CLOSED, State.REJECTED, State.MERGED, State.SELF_HANDLED})
# Until somebody at a desk has filed a case, its reporter may correct it.
UNFILED = frozenset({State.REPORTED, State.VERIFYING, State.SELF_HANDLED})


def is_unfiled(state: str, resumes_to: str | None) -> bool:
    """Tell whether the reporter's corrections still count.

    A policy may merge a report before they come, and their order of arrival must not matter: so a merged case is what
    it was before.
    """
    return (resumes_to if state == State.MERGED else state) in UNFILED
