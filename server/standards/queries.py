"""Reads of standards: the names behind category codes, the version in force, the photographs that a class requires."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import and_, select, tuple_
from sqlalchemy.orm import Session

from server.standards.in_force import AGE, in_force, local_day, newest_version, scheme_versions, today
from server.standards.models import Category, SchemeVersion
from server.standards.rules import USUAL, Shot, shots_of_class
from server.standards.shots import shots_by_code

__all__ = [
    "CategoryKey",
    "CategoryName",
    "categories",
    "categories_of",
    "category_names",
    "local_day",
    "newest_version",
    "required_shots",
    "scheme_versions",
    "today",
]

_SAME_VERSION = and_(Category.scheme == SchemeVersion.scheme, Category.version == SchemeVersion.version)


@dataclass(frozen=True, order=True)
class CategoryKey:
    """A code and the scheme without which it means nothing."""

    scheme: str
    code: str


@dataclass(frozen=True)
class CategoryName:
    """The name of a minor class in the standard's wording and in English."""

    name: str
    name_en: str


def category_names(session: Session, keys: Iterable[CategoryKey]) -> dict[CategoryKey, CategoryName]:
    """Return the names that are known, of the version in force where it has the code; an unknown code is left out.

    A report's code is never refused: a handset with an old scheme must not lose a report, its code is shown.
    """
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    rows = session.execute(
        select(Category.scheme, Category.code, Category.name, Category.name_en)
        .join(SchemeVersion, _SAME_VERSION)
        .where(tuple_(Category.scheme, Category.code).in_([(key.scheme, key.code) for key in wanted]))
        # Later rows replace earlier ones: what is not yet in force only names what nothing else names.
        .order_by(in_force(today()), *AGE)
    )
    return {CategoryKey(row.scheme, row.code): CategoryName(row.name, row.name_en) for row in rows}


def categories(session: Session, scheme: str) -> dict[str, CategoryName]:
    """Return all minor classes of a scheme's newest version by code, in the order of the codes."""
    newest = newest_version(session, scheme)
    return {} if newest is None else categories_of(session, scheme, newest)


def categories_of(session: Session, scheme: str, version: str) -> dict[str, CategoryName]:
    """Return all minor classes of a scheme version by code, in the order of the codes."""
    rows = session.execute(
        select(Category.code, Category.name, Category.name_en)
        .where(Category.scheme == scheme, Category.version == version)
        .order_by(Category.code)
    )
    return {row.code: CategoryName(row.name, row.name_en) for row in rows}


def required_shots(session: Session, scheme: str, version: str | None, code: str) -> tuple[Shot, ...]:
    """Return what a case of a class needs at every stage; ``version`` is the one it was filed under, None the newest.

    A version that is not loaded demands the usual.
    """
    named = version or newest_version(session, scheme)
    return USUAL if named is None else shots_of_class(shots_by_code(session, scheme, named), code)
