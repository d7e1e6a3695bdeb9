"""What happens in a script, as the twin lives through it: a month in which nothing goes wrong would prove nothing."""

from support.month.naive import Twin
from support.month.script import Script

_STATES = (
    "reported verifying rejected filed dispatched returned in_disposal suspended disposed checking rework closed "
    "forced_closed merged self_handled"
)
_REMARKABLE = (
    "late answer|late|kept to the minute|exempted|extended|extended twice|suspension ended by itself|resumed by a desk|"
    "attached by policy|undone|reassigned out of reach|done while suspended|done twice|"
    "across the holiday|on a make-up day|new limits|in whole days"
)
EVERYTHING = frozenset([*_STATES.split(), *_REMARKABLE.split("|")])
_HOLIDAY = range(13 * 1440, 20 * 1440)
_MAKE_UP_DAYS = (2, 22)


def happened(script: Script) -> set[str]:
    """Return the states that cases go through, and what is remarkable about them."""
    twin, found = Twin(script), set[str]()
    for act in script.acts:
        file = twin.files.get(act.case)
        before = None if file is None else file.state
        became = twin.live(act)
        file = twin.files.get(act.case)
        found |= {one.state for one in ([file] if file else twin.files.values())}
        if became == "done":
            found |= _noted(act.do, before, None if file is None else file.state)
        if became == "late" and act.captured < act.at:
            found.add("reassigned out of reach")
        if became == "late":
            found.add("late answer")
    return (found | _ends(twin)) & EVERYTHING


def _noted(do: str, before: str | None, after: str | None) -> set[str]:
    told = {("undo_merge", "merged"): "undone", ("resume", "suspended"): "resumed by a desk"}
    found = {told[do, before]} if before is not None and (do, before) in told else set()
    if (do, before, after) == ("answer", "suspended", "disposed"):
        found.add("done while suspended")
    return found


def _ends(twin: Twin) -> set[str]:
    """Return what the files tell at the end of the month."""
    found = set()
    for file in twin.files.values():
        approved = sum(one.kind == "extension" and one.state == "approved" for one in file.requests)
        held = [hold for watch in file.watches for hold in watch.holds]
        signs = {
            "extended": approved > 0,
            "extended twice": approved > 1,
            "attached by policy": file.by_policy,
            "done twice": file.reworks > 1,
            "new limits": file.filed is not None and file.filed >= _HOLIDAY.stop,
            "suspension ended by itself": any(
                one.why == "suspended" and one.ended == file.suspended_until for one in held
            ),
        }
        found |= {name for name, holds in signs.items() if holds}
        for watch in file.watches:
            found |= _of_watch(watch.stage, watch.start, watch.stop, watch.due)
            found |= {"exempted"} if watch.exempted is not None else set()
            found |= {"late"} if watch.told_overdue else set()
            if (watch.agency, watch.allowed.clock) == ("town", "work_day"):
                found.add("in whole days")
    return found


def _of_watch(stage: str, start: int, stop: int | None, due: int | None) -> set[str]:
    found = {"kept to the minute"} if stop is not None and stop == due else set()
    if stage == "disposal" and due is not None:
        if start < _HOLIDAY.start and due >= _HOLIDAY.stop:
            found.add("across the holiday")
        if due // 1440 in _MAKE_UP_DAYS:
            found.add("on a make-up day")
    return found
