"""The fold of what handsets say about a task: the same end whatever the order of arrival. Pure."""

from server.casework.machine import Action
from server.problems import Problem

_RANK = {"assigned": 0, "accepted": 1, "started": 2, "declined": 3, "done": 4}
TASK_EVENTS = ("accepted", "started", "declined", "done")
ACTION_OF_EVENT = {
    "accepted": Action.ACCEPT_TASK,
    "started": Action.START_TASK,
    "declined": Action.DECLINE_TASK,
    "done": Action.FINISH_TASK,
}
# What a finished task of a kind says; a disposal and a patrol say that they are done, no more.
RESULTS_OF_TASK = {
    "pre_filing_verification": ("confirmed", "not_found"),
    "disposal_check": ("passed", "failed"),
    "revisit": ("passed", "failed"),
}
# One of these outweighs any number of the other.
_GRAVE = frozenset({"failed", "not_found"})


def fold_task(status: str, event: str) -> str:
    """Return a task's status after ``event``: the highest of both, so the order of arrival does not matter.

    Declined stands beside the ladder: it outranks an acceptance (somebody must decide anew) but not the finished
    work of another member. ``cancelled`` is the server's word and final.
    """
    if event not in TASK_EVENTS:
        raise Problem("validation", errors={"event": [f"Must be one of: {', '.join(TASK_EVENTS)}."]})
    if status == "cancelled":
        return status
    return max(status, event, key=_RANK.__getitem__)


def fold_result(known: str | None, told: str | None) -> str | None:
    """Return the result that several answers reported: one ``failed`` or ``not_found`` outweighs any other."""
    return next((one for one in (known, told) if one in _GRAVE), told or known)


def demand_result(kind: str, event: str, result: str | None) -> None:
    """Raise ``validation`` unless a finished task of this kind says what it found."""
    wanted = RESULTS_OF_TASK.get(kind)
    if event == "done" and wanted is not None and result not in wanted:
        raise Problem("validation", errors={"result": [f"A finished {kind} says one of: {', '.join(wanted)}."]})
