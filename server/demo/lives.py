"""What can become of a case: each life as words at the slots of its round. Data; knows no database.

A round is what one collector finds on one morning; its cases take their next steps together, at the round's slots, so
that a handset sends several things in one push and a desk works through its list.
"""

from dataclasses import dataclass
from datetime import time
from enum import StrEnum

from server.casework.states import State


class Word(StrEnum):
    """One step of a case in a round."""

    REPORT = "report"
    HANDLE = "handle"
    REGISTER = "register"
    VERIFY = "verify"
    CONFIRM = "confirm"
    NOT_FOUND = "not_found"
    FILE = "file"
    REJECT = "reject"
    DISPATCH = "dispatch"
    TO_UNIT = "to_unit"
    ACCEPT = "accept"
    UNIT_ACCEPT = "unit_accept"
    UNIT_RETURN = "unit_return"
    UNIT_DISPOSE = "unit_dispose"
    DECLINE = "decline"
    FINISH = "finish"
    LATE_FINISH = "late_finish"
    SEND_CHECK = "send_check"
    REASSIGN = "reassign"
    LOOK = "look"
    LATE_PASS = "late_pass"  # noqa: S105 (no password)
    OTHER_PASS = "other_pass"  # noqa: S105 (no password)
    PASS = "pass"  # noqa: S105 (no password)
    FAIL = "fail"
    REDO = "redo"
    CLOSE = "close"
    MERGE = "merge"
    UNDO_MERGE = "undo_merge"
    REVISIT = "revisit"
    REVISITED = "revisited"
    ASK_EXTENSION = "ask_extension"
    ASK_SHORT_SUSPENSION = "ask_short_suspension"
    ASK_SUSPENSION = "ask_suspension"
    ASK_APPEAL = "ask_appeal"
    ASK_FORCE_CLOSE = "ask_force_close"
    GRANT = "grant"
    REFUSE = "refuse"
    REVIEW = "review"
    GRANT_APPEAL = "grant_appeal"
    REFUSE_APPEAL = "refuse_appeal"
    CONFIRM_FORCE_CLOSE = "confirm_force_close"


# (days after the round's morning, time): push, accept, dispatch, field, desk, collector, desk, and so on.
SLOTS: tuple[tuple[int, time], ...] = (
    *((0, time(*at)) for at in ((11, 5), (11, 12), (11, 25), (14, 30), (16, 0), (16, 45), (17, 5))),
    *((1, time(*at)) for at in ((9, 10), (10, 30), (14, 0), (15, 0), (16, 10))),
    *((2, time(*at)) for at in ((10, 0), (14, 0), (15, 0), (16, 10))),
    *((3, time(*at)) for at in ((10, 0), (14, 0), (15, 0), (16, 10))),
)
# The last slot of the round's own day.
EVENING = 6


@dataclass(frozen=True)
class Life:
    """``words`` by slot; ``matter`` and ``condition`` where the limit matters; ``ends``: the state after it.

    ``twin``: found at the place of the case before it. ``spot``: found where all of this name are.
    """

    words: tuple[tuple[int, Word], ...]
    ends: State
    matter: str | None = None
    condition: int | None = None
    twin: bool = False
    spot: str | None = None


def _life(
    told: str,
    ends: State,
    *,
    of: tuple[str | None, int | None] = (None, None),
    twin: bool = False,
    spot: str | None = None,
) -> Life:
    words = tuple((int(slot), Word(word)) for slot, word in (one.split() for one in told.split(", ")))
    return Life(words, ends, *of, twin, spot)


_S = State
_FOUND = "0 report"
_FILED = f"{_FOUND}, 1 file"
_SENT = f"{_FILED}, 2 dispatch"
_AT_UNIT = f"{_FILED}, 2 to_unit"
_DONE = f"{_SENT}, 3 finish"
_QUICK = f"{_DONE}, 4 send_check, 5 pass, 6 close"
_NEXT_DAY = "8 finish, 9 send_check, 10 pass, 11 close"
_OVERNIGHT = f"{_SENT}, {_NEXT_DAY}"
_PARTED = "0 report, 1 merge, 4 undo_merge, 6 file, 7 dispatch, 8 finish, 9 send_check, 11 close"
_TWICE = f"{_DONE}, 4 send_check, 5 fail, 6 redo, 8 finish, 9 send_check, 10 fail, 11 redo"
_SHORT = "0508", 1
_LONG = "0113", 3

# What is found and ends, oldest rounds first: how many, and the lives that are found together.
ENDED: tuple[tuple[int, tuple[Life, ...]], ...] = (
    (6, (_life(_QUICK, _S.CLOSED),)),
    (4, (_life(_OVERNIGHT, _S.CLOSED),)),
    (2, (_life(f"1 register, 2 file, 4 dispatch, {_NEXT_DAY}", _S.CLOSED),)),
    (2, (_life("0 report, 1 verify, 2 confirm, 2 file, 2 dispatch, 8 finish, 9 send_check, 11 close", _S.CLOSED),)),
    (2, (_life(f"{_AT_UNIT}, 3 unit_return, 4 dispatch, {_NEXT_DAY}", _S.CLOSED),)),
    (2, (_life(f"{_SENT}, 3 decline, 4 dispatch, {_NEXT_DAY}", _S.CLOSED),)),
    (2, (_life(f"{_TWICE}, 12 finish, 13 send_check, 14 pass, 15 close", _S.CLOSED),)),
    (2, (_life(f"{_QUICK}, 7 revisit, 10 revisited", _S.CLOSED),)),
    (1, (_life(f"{_DONE}, 4 send_check, 5 look, 6 reassign, 10 late_pass, 10 other_pass, 11 close", _S.CLOSED),)),
    (
        2,
        (
            _life(
                f"{_SENT}, 3 accept, 4 ask_extension, 6 grant, 12 finish, 13 send_check, 14 pass, 15 close",
                _S.CLOSED,
                of=("0113", 1),
            ),
        ),
    ),
    (
        2,
        (_life(f"{_SENT}, 4 ask_extension, 6 refuse, 8 finish, 9 send_check, 10 pass, 11 close", _S.CLOSED, of=_LONG),),
    ),
    (
        2,
        (
            _life(
                f"{_SENT}, 3 accept, 4 ask_short_suspension, 6 grant, 12 finish, 13 send_check, 14 pass, 15 close",
                _S.CLOSED,
                of=_LONG,
            ),
        ),
    ),
    (2, (_life(f"{_OVERNIGHT}, 13 ask_appeal, 14 review, 15 grant_appeal", _S.CLOSED, of=_SHORT),)),
    (2, (_life(f"{_OVERNIGHT}, 13 ask_appeal, 14 review, 15 refuse_appeal", _S.CLOSED, of=_SHORT),)),
    (1, (_life(f"{_OVERNIGHT}, 13 ask_appeal, 14 review", _S.CLOSED, of=_SHORT),)),
    (4, (_life(f"{_SENT}, 7 ask_force_close, 9 confirm_force_close", _S.FORCED_CLOSED),)),
    (1, (_life(f"{_SENT}, 3 accept, 7 ask_force_close, 9 confirm_force_close, 12 late_finish", _S.FORCED_CLOSED),)),
    (53, (_life("0 report, 1 reject", _S.REJECTED),)),
    (4, (_life("0 report, 1 verify, 2 not_found, 2 reject", _S.REJECTED),)),
    (10, (_life("0 handle", _S.SELF_HANDLED),)),
    (5, (_life(_OVERNIGHT, _S.CLOSED), _life("0 report, 1 merge", _S.MERGED, twin=True))),
    (
        2,
        (
            _life(_QUICK, _S.CLOSED),
            _life(_PARTED, _S.CLOSED, twin=True),
        ),
    ),
    # Left lying: long overdue.
    (3, (_life(_SENT, _S.DISPATCHED),)),
    (1, (_life(_AT_UNIT + ", 3 unit_accept", _S.IN_DISPOSAL),)),
)
# The same problem at the same place, in rounds of the same area.
RECURRING = _life(_QUICK, _S.CLOSED, of=("0110", None), spot="market")
# What is going on: found on the last days.
GOING_ON: tuple[tuple[int, tuple[Life, ...]], ...] = (
    (2, (_life(_SENT, _S.DISPATCHED, of=("0410", 3)), _life(_AT_UNIT, _S.DISPATCHED, of=("0110", None)))),
    (23, (_life(_SENT, _S.DISPATCHED),)),
    (8, (_life(_AT_UNIT, _S.DISPATCHED, of=("0201", None)),)),
    (36, (_life(_FILED, _S.FILED),)),
    (4, (_life(f"{_AT_UNIT}, 3 unit_return", _S.RETURNED),)),
    (2, (_life(f"{_SENT}, 3 decline", _S.RETURNED),)),
    (8, (_life(f"{_SENT}, 3 accept", _S.IN_DISPOSAL),)),
    (3, (_life(f"{_AT_UNIT}, 3 unit_accept", _S.IN_DISPOSAL, of=("0110", None)),)),
    (2, (_life(f"{_SENT}, 3 accept, 4 ask_extension", _S.IN_DISPOSAL, of=_LONG),)),
    (2, (_life(f"{_SENT}, 4 ask_force_close", _S.DISPATCHED),)),
    (2, (_life(f"{_AT_UNIT}, 4 ask_suspension", _S.DISPATCHED, of=("0117", 2)),)),
    (4, (_life(f"{_SENT}, 3 accept, 4 ask_suspension, 6 grant", _S.SUSPENDED, of=_LONG),)),
    (5, (_life(_DONE, _S.DISPOSED),)),
    (2, (_life(f"{_AT_UNIT}, 3 unit_accept, 4 unit_dispose", _S.DISPOSED, of=("0110", None)),)),
    (4, (_life(f"{_DONE}, 4 send_check", _S.CHECKING),)),
    (2, (_life(f"{_DONE}, 4 send_check, 5 pass", _S.CHECKING),)),
    (3, (_life(f"{_DONE}, 4 send_check, 5 fail, 6 redo", _S.REWORK),)),
    (6, (_life("0 report, 1 verify", _S.VERIFYING),)),
    (2, (_life("0 report, 1 verify, 2 confirm", _S.VERIFYING),)),
    (23, (_life(_FOUND, _S.REPORTED),)),
    (3, (_life("1 register", _S.REPORTED),)),
    # Two that nobody has looked at: proposed by the policy of all classes, attached by that of shared bikes.
    (
        3,
        (
            _life(_FOUND, _S.REPORTED, of=("0136", None)),
            _life(_FOUND, _S.REPORTED, of=("0136", None), twin=True),
        ),
    ),
    (
        2,
        (_life(_FOUND, _S.REPORTED, of=("0410", None)), _life(_FOUND, _S.MERGED, of=("0410", None), twin=True)),
    ),
)
