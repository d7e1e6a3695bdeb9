"""The state machine of a case as one table: (state, action) → state, who may, what it needs, what its clocks do. Pure.

A desk acts; a handset only proposes: field actions follow from the fold of the task's events (folding.py), so the
order in which they arrive never changes the end state. docs/casework.md shows this table as a diagram. Source of the
loop: domain.md section 2.2; of the clocks: section 2.7.
"""

from dataclasses import dataclass
from enum import StrEnum

from server.casework.states import State
from server.identity.rules import Permission
from server.standards.rules import LimitStage


class Action(StrEnum):
    """What moves a case: at a desk, by a decision that has a door of its own, in the field."""

    VERIFY = "verify"
    FILE = "file"
    REJECT = "reject"
    DISPATCH = "dispatch"
    ACCEPT = "accept"
    RETURN = "return"
    DISPOSE = "dispose"
    SEND_CHECK = "send_check"
    CLOSE = "close"
    REDO = "redo"
    RESUME = "resume"
    SUSPEND = "suspend"
    FORCE_CLOSE = "force_close"
    MERGE = "merge"
    UNDO_MERGE = "undo_merge"
    ANSWER_VERIFICATION = "answer_verification"
    ACCEPT_TASK = "accept_task"
    START_TASK = "start_task"
    FINISH_TASK = "finish_task"
    DECLINE_TASK = "decline_task"
    ANSWER_CHECK = "answer_check"


class Need(StrEnum):
    """What a transition demands besides the right state and permission, in the order in which it is asked for."""

    OWN_SQUAD = "own_squad"
    REASON = "reason"
    SQUAD = "squad"
    OFFICER = "officer"
    ANSWER = "answer"
    SHOTS = "shots"
    CHECK = "check"


class Verb(StrEnum):
    """What happens to a clock. ``reopen``: it goes on after it had stopped; the time between does not count."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    REOPEN = "reopen"


@dataclass(frozen=True)
class Tick:
    """One effect on a clock; ``stage`` None: on every clock that runs. ``why`` names the pause."""

    verb: Verb
    stage: LimitStage | None
    why: str | None = None


@dataclass(frozen=True)
class Transition:
    """One row of the table.

    ``target`` None: to where the case was before it was suspended or merged. ``who`` is None when a handset proposes
    and the task's assignment authorises.
    """

    source: State
    action: Action
    target: State | None
    who: Permission | None
    needs: frozenset[Need] = frozenset()
    clocks: tuple[Tick, ...] = ()


def _ticks(told: str) -> tuple[Tick, ...]:
    """Read ``stop dispatch, pause disposal returned``; ``all`` is every clock that runs."""
    found = []
    for part in filter(None, told.split(", ")):
        verb, stage, *why = part.split()
        found.append(Tick(Verb(verb), None if stage == "all" else LimitStage(stage), why[0] if why else None))
    return tuple(found)


def _rows(
    sources: tuple[State, ...],
    action: Action,
    target: State | None,
    who: Permission | None,
    *,
    needs: str = "",
    clocks: str = "",
) -> tuple[Transition, ...]:
    wanted = frozenset(Need(need) for need in needs.split())
    return tuple(Transition(source, action, target, who, wanted, _ticks(clocks)) for source in sources)


_S, _A, _P = State, Action, Permission
_AT_UNIT = (_S.DISPATCHED, _S.IN_DISPOSAL, _S.REWORK)
_UNDISPATCHED = (_S.REPORTED, _S.VERIFYING, _S.FILED, _S.RETURNED)
_FORCIBLE = (
    _S.FILED,
    _S.DISPATCHED,
    _S.RETURNED,
    _S.IN_DISPOSAL,
    _S.SUSPENDED,
    _S.DISPOSED,
    _S.CHECKING,
    _S.REWORK,
)
# A city answers for how long the desk takes, not for the collector on the way to look.
_ASKED = "pause acceptance verifying, start verification"
_ANSWERED = "stop verification, resume acceptance verifying"
_FILED = "stop acceptance, start dispatch"
_SENT = "stop dispatch, start disposal"
_GIVEN_BACK = "pause disposal returned, start dispatch"
_SENT_AGAIN = "stop dispatch, resume disposal returned"
_GOES_ON = "resume disposal suspended"
_REDONE = "stop check, reopen disposal checking"

TABLE: tuple[Transition, ...] = (
    # The desk takes a report in.
    *_rows((_S.REPORTED,), _A.VERIFY, _S.VERIFYING, _P.FILE_CASE, needs="officer", clocks=_ASKED),
    *_rows((_S.VERIFYING,), _A.ANSWER_VERIFICATION, _S.VERIFYING, None, clocks=_ANSWERED),
    *_rows((_S.REPORTED,), _A.FILE, _S.FILED, _P.FILE_CASE, clocks=_FILED),
    *_rows((_S.VERIFYING,), _A.FILE, _S.FILED, _P.FILE_CASE, needs="answer", clocks=f"stop verification, {_FILED}"),
    *_rows((_S.REPORTED, _S.VERIFYING), _A.REJECT, _S.REJECTED, _P.FILE_CASE, needs="reason", clocks="stop all"),
    # The unit gets it, and takes it or gives it back.
    *_rows((_S.FILED,), _A.DISPATCH, _S.DISPATCHED, _P.DISPATCH_CASE, needs="squad", clocks=_SENT),
    *_rows((_S.RETURNED,), _A.DISPATCH, _S.DISPATCHED, _P.DISPATCH_CASE, needs="squad", clocks=_SENT_AGAIN),
    *_rows((_S.DISPATCHED, _S.REWORK), _A.ACCEPT, _S.IN_DISPOSAL, _P.DISPOSE_CASE, needs="own_squad"),
    *_rows(_AT_UNIT, _A.RETURN, _S.RETURNED, _P.DISPOSE_CASE, needs="own_squad reason", clocks=_GIVEN_BACK),
    *_rows(_AT_UNIT, _A.DISPOSE, _S.DISPOSED, _P.DISPOSE_CASE, needs="own_squad", clocks="stop disposal"),
    *_rows(_AT_UNIT, _A.ACCEPT_TASK, _S.IN_DISPOSAL, None),
    *_rows(_AT_UNIT, _A.START_TASK, _S.IN_DISPOSAL, None),
    *_rows(_AT_UNIT, _A.FINISH_TASK, _S.DISPOSED, None, clocks="stop disposal"),
    *_rows(_AT_UNIT, _A.DECLINE_TASK, _S.RETURNED, None, clocks=_GIVEN_BACK),
    # One member declined and another went on, in this order of arrival: the work is done all the same.
    *_rows((_S.RETURNED,), _A.ACCEPT_TASK, _S.IN_DISPOSAL, None, clocks=_SENT_AGAIN),
    *_rows((_S.RETURNED,), _A.START_TASK, _S.IN_DISPOSAL, None, clocks=_SENT_AGAIN),
    *_rows((_S.RETURNED,), _A.FINISH_TASK, _S.DISPOSED, None, clocks=f"{_SENT_AGAIN}, stop disposal"),
    *_rows((_S.RETURNED,), _A.DECLINE_TASK, _S.RETURNED, None),
    # Time that is granted; what the field says meanwhile counts.
    *_rows(_AT_UNIT, _A.SUSPEND, _S.SUSPENDED, _P.DECIDE_REQUEST, needs="reason", clocks="pause disposal suspended"),
    *_rows((_S.SUSPENDED,), _A.RESUME, None, _P.DECIDE_REQUEST, clocks=_GOES_ON),
    *_rows((_S.SUSPENDED,), _A.ACCEPT_TASK, _S.SUSPENDED, None),
    *_rows((_S.SUSPENDED,), _A.START_TASK, _S.SUSPENDED, None),
    *_rows((_S.SUSPENDED,), _A.FINISH_TASK, _S.DISPOSED, None, clocks=f"{_GOES_ON}, stop disposal"),
    *_rows((_S.SUSPENDED,), _A.DECLINE_TASK, _S.RETURNED, None, clocks=f"{_GOES_ON}, {_GIVEN_BACK}"),
    # Somebody else looks whether it is done.
    *_rows((_S.DISPOSED,), _A.SEND_CHECK, _S.CHECKING, _P.CLOSE_CASE, needs="officer", clocks="start check"),
    *_rows((_S.CHECKING,), _A.ANSWER_CHECK, _S.CHECKING, None, clocks="stop check"),
    *_rows((_S.CHECKING,), _A.CLOSE, _S.CLOSED, _P.CLOSE_CASE, needs="shots check", clocks="stop all"),
    *_rows((_S.CHECKING,), _A.REDO, _S.REWORK, _P.CLOSE_CASE, needs="reason", clocks=_REDONE),
    # Ends beside the loop.
    *_rows(_FORCIBLE, _A.FORCE_CLOSE, _S.FORCED_CLOSED, _P.FORCE_CLOSE, needs="reason", clocks="stop all"),
    *_rows(_UNDISPATCHED, _A.MERGE, _S.MERGED, _P.MERGE_CASES, clocks="pause all merged"),
    *_rows((_S.MERGED,), _A.UNDO_MERGE, None, _P.MERGE_CASES, clocks="resume all merged"),
)
# These are decided elsewhere, with what they need: by two people, or about two cases.
DECIDED_ACTIONS = (Action.SUSPEND, Action.FORCE_CLOSE, Action.MERGE, Action.UNDO_MERGE)
DESK_ACTIONS = tuple(
    action
    for action in Action
    if action not in DECIDED_ACTIONS and any(row.action == action and row.who for row in TABLE)
)
FIELD_ACTIONS = tuple(action for action in Action if action not in (*DESK_ACTIONS, *DECIDED_ACTIONS))
# Where a case can be reached though no row leads there: its first states.
FIRST_STATES = (State.REPORTED, State.SELF_HANDLED)
