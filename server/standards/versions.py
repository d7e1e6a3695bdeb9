"""Reads of standards for desks: the versions that are loaded, and what one of them says class by class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.problems import Problem
from server.standards.content import Condition, Limits, MinorClass
from server.standards.in_force import newest_version, version_rows
from server.standards.models import CaseStandard, Category
from server.standards.rules import ALL_CLASSES, ALL_CONDITIONS, Shot
from server.standards.stored import VersionKey, content_of, known


@dataclass(frozen=True)
class VersionCard:
    """A loaded version; ``in_force``: cases are filed under it today."""

    scheme: str
    version: str
    status: str
    source: str
    confidence: str
    effective_from: date | None
    loaded_at: datetime
    classes: int
    conditions: int
    in_force: bool


@dataclass(frozen=True)
class ConditionCard:
    """A condition of a class with the limits that are its own."""

    condition: Condition
    limits: Limits


@dataclass(frozen=True)
class ClassCard:
    """A minor class with everything that the version says of it itself."""

    minor: MinorClass
    conditions: Sequence[ConditionCard]
    limits: Limits
    shots: Sequence[Shot]


@dataclass(frozen=True)
class VersionPage:
    """Some classes of a version by code, what holds for all of them, and the last code if more follow."""

    classes: Sequence[ClassCard]
    limits: Limits
    shots: Sequence[Shot]
    next: str | None


def version_cards(session: Session) -> list[VersionCard]:
    """Return all versions, scheme by scheme, the newest first."""
    classes, conditions = _counts(session, Category), _counts(session, CaseStandard)
    rows = version_rows(session)
    in_force = {scheme: newest_version(session, scheme) for scheme in {row.scheme for row in rows}}
    return [
        VersionCard(
            row.scheme,
            row.version,
            row.status,
            row.source,
            row.confidence,
            row.effective_from,
            row.loaded_at,
            classes.get((row.scheme, row.version), 0),
            conditions.get((row.scheme, row.version), 0),
            row.version == in_force[row.scheme],
        )
        for row in rows
    ]


def version_page(session: Session, key: VersionKey, after: str | None, limit: int) -> VersionPage:
    """Return at most ``limit`` classes of a version, after a code; raises not-found for an unknown version."""
    if not known(session, key):
        raise Problem("not-found")
    content = content_of(session, key)
    codes = sorted(code for code in content.classes if after is None or code > after)
    cards = [
        ClassCard(
            content.classes[code],
            [
                ConditionCard(one, content.limits.get((code, one.no), {}))
                for one in content.conditions.get(code, ())
                if one.no
            ],
            content.limits.get((code, ALL_CONDITIONS), {}),
            content.shots.get(code, ()),
        )
        for code in codes[:limit]
    ]
    more = codes[limit - 1] if len(codes) > limit else None
    whole = content.limits.get((ALL_CLASSES, ALL_CONDITIONS), {})
    return VersionPage(cards, whole, content.shots.get(ALL_CLASSES, ()), more)


def _counts(session: Session, table: type[Category | CaseStandard]) -> Mapping[tuple[str, str], int]:
    found = select(table.scheme, table.version, func.count()).group_by(table.scheme, table.version)
    return {(scheme, version): count for scheme, version, count in session.execute(found)}
