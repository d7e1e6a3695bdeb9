"""What a version of a scheme says, written into the tables once and read back whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, insert, select
from sqlalchemy.orm import Session

from server.base import table_of
from server.standards.conditions import condition_from
from server.standards.content import COMPONENT, Condition, MinorClass, SchemeContent, WrittenLimit
from server.standards.models import CaseStandard, Category, SchemeVersion, StageLimit
from server.standards.rules import LimitStage
from server.standards.shots import shots_by_code
from server.standards.timing import Clock, Limit
from server.upsert import insert as upsert

_NAMES = ("issue_kind", "major", "name", "major_en", "name_en")
_MAJOR_DIGITS = 2


@dataclass(frozen=True)
class VersionKey:
    """A version of a scheme."""

    scheme: str
    version: str

    def __str__(self) -> str:
        """Return how the version is called in logs and on pages."""
        return f"{self.scheme}/{self.version}"


def known(session: Session, key: VersionKey) -> bool:
    """Tell whether a version is loaded."""
    # Both may come from an address; PostgreSQL takes no NUL.
    return str(key).isprintable() and session.get(SchemeVersion, (key.scheme, key.version)) is not None


def write_classes(session: Session, key: VersionKey, content: SchemeContent) -> None:
    """Store the classes of a version; one that is there already only changes its names."""
    stored = upsert(session, Category)
    renamed = {name: stored.excluded[name] for name in _NAMES}
    index = [Category.scheme, Category.version, Category.code]
    rows = [_class_row(key, one) for one in content.classes.values()]
    session.execute(stored.on_conflict_do_update(index_elements=index, set_=renamed), rows)


def write_standards(session: Session, key: VersionKey, content: SchemeContent) -> None:
    """Store the conditions and limits of a version that has none; of another, nothing: cases keep what they have."""
    if any(session.scalar(select(exists().where(*_of(table, key)))) for table in (CaseStandard, StageLimit)):
        return
    conditions = [_condition_row(key, code, one) for code, rows in content.conditions.items() for one in rows]
    limits = [
        _limit_row(key, code, no, stage, written)
        for (code, no), stages in content.limits.items()
        for stage, written in stages.items()
    ]
    if conditions:
        session.execute(insert(table_of(CaseStandard)), conditions)
    if limits:
        session.execute(insert(table_of(StageLimit)), limits)


def content_of(session: Session, key: VersionKey) -> SchemeContent:
    """Return all that a version says; of one that is not loaded, nothing."""
    categories = session.scalars(select(Category).where(*_of(Category, key)).order_by(Category.code))
    standards = session.scalars(
        select(CaseStandard).where(*_of(CaseStandard, key)).order_by(CaseStandard.code, CaseStandard.condition_no)
    )
    conditions: dict[str, list[Condition]] = {}
    for row in standards:
        conditions.setdefault(row.code, []).append(condition_from(row))
    return SchemeContent(
        {row.code: _minor_class(row) for row in categories},
        {code: tuple(rows) for code, rows in conditions.items()},
        _written_limits(session, key),
        shots_by_code(session, key.scheme, key.version),
    )


def _written_limits(session: Session, key: VersionKey) -> dict[tuple[str, int], dict[LimitStage, WrittenLimit]]:
    found: dict[tuple[str, int], dict[LimitStage, WrittenLimit]] = {}
    for row in session.scalars(select(StageLimit).where(*_of(StageLimit, key))):
        written = WrittenLimit(Limit(Clock(row.clock), row.amount), row.wording)
        found.setdefault((row.code, row.condition_no), {})[LimitStage(row.stage)] = written
    return found


def _of(table: Any, key: VersionKey) -> tuple[Any, Any]:  # noqa: ANN401 (any model with a version's key)
    return table.scheme == key.scheme, table.version == key.version


def _minor_class(row: Category) -> MinorClass:
    digits = row.code.removeprefix("b") if row.issue_kind == COMPONENT else row.code
    major, minor = digits[:_MAJOR_DIGITS], digits[_MAJOR_DIGITS:]
    return MinorClass(row.issue_kind, major, minor, row.major, row.name, row.major_en, row.name_en)


def _class_row(key: VersionKey, one: MinorClass) -> dict[str, str]:
    return {**vars(key), "code": one.code, **{name: getattr(one, name) for name in _NAMES}}


def _condition_row(key: VersionKey, code: str, one: Condition) -> Mapping[str, Any]:
    told = {name: value for name, value in vars(one).items() if name not in {"no", "season"}}
    season = {
        "season_from": one.season.begins if one.season else None,
        "season_to": one.season.ends if one.season else None,
    }
    return {**vars(key), "code": code, "condition_no": one.no, **told, **season}


def _limit_row(key: VersionKey, code: str, no: int, stage: LimitStage, written: WrittenLimit) -> Mapping[str, Any]:
    return {
        **vars(key),
        "code": code,
        "condition_no": no,
        "stage": stage.value,
        "clock": written.limit.clock.value,
        "amount": written.limit.amount,
        "wording": written.wording,
    }
