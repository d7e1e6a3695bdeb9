"""The conditions under which a case of a class is filed and closed, of the version that the case names.

A condition with a season stands in for the one of the same wording without: a tree that is missing is replaced
within days, in the planting season within weeks.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from server.base import table_of
from server.standards.content import Condition
from server.standards.models import CaseStandard
from server.standards.rules import ALL_CONDITIONS
from server.standards.seasons import Season

__all__ = ["Condition", "condition_from", "conditions_by_code", "conditions_of", "in_season"]

# Columns of the bare table, written once.
_standard = table_of(CaseStandard)
_CONDITIONS = (
    select(_standard)
    .where(
        _standard.c.scheme == bindparam("scheme"),
        _standard.c.version == bindparam("version"),
        _standard.c.condition_no != ALL_CONDITIONS,
    )
    .order_by(_standard.c.code, _standard.c.condition_no)
)
_CONDITIONS_OF = _CONDITIONS.where(_standard.c.code.in_(bindparam("codes", expanding=True)))


def conditions_of(session: Session, scheme: str, version: str, code: str) -> tuple[Condition, ...]:
    """Return the conditions of a class in the order of its table; none for a class or version that has none."""
    return conditions_by_code(session, scheme, version, [code]).get(code, ())


def conditions_by_code(
    session: Session, scheme: str, version: str, codes: Iterable[str] | None = None
) -> dict[str, tuple[Condition, ...]]:
    """Return the conditions of some classes of a version, or of all, by code."""
    asked: dict[str, object] = {"scheme": scheme, "version": version}
    own = _CONDITIONS
    if codes is not None:
        own, asked["codes"] = _CONDITIONS_OF, list(codes)
    found: dict[str, list[Condition]] = {}
    for row in session.execute(own, asked):
        found.setdefault(row.code, []).append(condition_from(row))
    return {code: tuple(conditions) for code, conditions in found.items()}


def condition_from(row: CaseStandard | Row[*tuple[Any, ...]]) -> Condition:
    """Return a stored row as the record that leaves this module."""
    return Condition(
        row.condition_no,
        row.filing_condition,
        row.closing_condition,
        row.disposing_unit,
        row.supervising_unit,
        row.legal_basis,
        row.clause,
        row.note,
        Season(row.season_from, row.season_to) if row.season_from and row.season_to else None,
    )


def in_season(conditions: Sequence[Condition], no: int, on: date) -> Condition | None:
    """Return the row that speaks on a day for condition ``no``: one with a season before the one for the whole year.

    None: there is no such condition, or it is out of season and there is none of that wording for the rest of the year.
    """
    named = next((one for one in conditions if one.no == no), None)
    if named is None:
        return None
    alike = [one for one in conditions if one.filing_condition == named.filing_condition and one.holds(on)]
    return min(alike, key=lambda one: (one.season is None, one.no), default=None)
