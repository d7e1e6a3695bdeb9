"""How long each stage of a case may take, by the version, class and condition that the case was filed under."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from server.base import table_of
from server.standards.conditions import Condition, conditions_of, in_season
from server.standards.in_force import today
from server.standards.models import StageLimit
from server.standards.rules import ALL_CLASSES, ALL_CONDITIONS, LimitStage
from server.standards.timing import Clock, Limit

# What holds where neither the class nor its scheme's version says anything, so that no stage is ever without a limit:
# fifteen minutes at the desk, two hours in the street by day or night, one working day for the unit (domain.md 2.7).
USUAL_LIMITS: Mapping[LimitStage, Limit] = {
    LimitStage.ACCEPTANCE: Limit(Clock.EMERGENCY_HOUR, Decimal("0.25")),
    LimitStage.VERIFICATION: Limit(Clock.EMERGENCY_HOUR, Decimal(2)),
    LimitStage.DISPATCH: Limit(Clock.EMERGENCY_HOUR, Decimal("0.25")),
    LimitStage.DISPOSAL: Limit(Clock.WORK_DAY, Decimal(1)),
    LimitStage.CHECK: Limit(Clock.EMERGENCY_HOUR, Decimal(2)),
}

# Every act that starts a clock reads these: columns of the bare table, written once.
_limit = table_of(StageLimit).c
_LIMITS = select(_limit.code, _limit.condition_no, _limit.stage, _limit.clock, _limit.amount).where(
    _limit.scheme == bindparam("scheme"), _limit.version == bindparam("version")
)
_LIMITS_OF = _LIMITS.where(_limit.code.in_(bindparam("codes", expanding=True)))


def limits_of(
    session: Session,
    scheme: str,
    version: str | None,
    code: str,
    condition_no: int | None = None,
    *,
    on: date | None = None,
) -> dict[LimitStage, Limit]:
    """Return the limit of every stage for a case of a class, filed under a version (None: of no loaded scheme).

    Each stage is answered by the first that has a row for it: the condition, the class, the class's first condition
    if none is named, all classes, the usual. ``on`` is the local day that decides whether a seasonal row holds; None is
    today. In three statements at most, whatever the size of the scheme.
    """
    found = dict(USUAL_LIMITS)
    if version is None:
        return found
    rows = _rows(session, scheme, version, code)
    # Which condition speaks matters only where one says anything of time.
    speaks = any(number != ALL_CONDITIONS for _, number in rows)
    conditions = conditions_of(session, scheme, version, code) if speaks else ()
    for key in reversed(_sources(code, conditions, condition_no, on or today())):
        found |= rows.get(key, {})
    return found


def limits_by_code(
    session: Session, scheme: str, version: str, codes: Iterable[str] | None = None
) -> dict[tuple[str, int], dict[LimitStage, Limit]]:
    """Return the rows of a version as they are stored, by (code, condition number), of some classes or of all."""
    asked: dict[str, object] = {"scheme": scheme, "version": version}
    own = _LIMITS
    if codes is not None:
        own, asked["codes"] = _LIMITS_OF, list(codes)
    found: dict[tuple[str, int], dict[LimitStage, Limit]] = {}
    for row in session.execute(own, asked):
        found.setdefault((row.code, row.condition_no), {})[LimitStage(row.stage)] = Limit(Clock(row.clock), row.amount)
    return found


def _rows(session: Session, scheme: str, version: str, code: str) -> dict[tuple[str, int], dict[LimitStage, Limit]]:
    return limits_by_code(session, scheme, version, {code, ALL_CLASSES})


def _sources(code: str, conditions: Sequence[Condition], condition_no: int | None, on: date) -> list[tuple[str, int]]:
    """Return the keys of the rows that may answer, the strongest first."""
    first = conditions[0].no if conditions else None
    wanted = first if condition_no is None else condition_no
    speaking = None if wanted is None else in_season(conditions, wanted, on)
    own = [] if speaking is None else [(code, speaking.no)]
    whole = [(code, ALL_CONDITIONS)]
    # Nobody has said which condition: what the table says of the whole class is truer than its first line.
    return [*(whole + own if condition_no is None else own + whole), (ALL_CLASSES, ALL_CONDITIONS)]
