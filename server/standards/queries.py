"""Reads of standards: the names behind category codes, and the photographs that a class requires."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from server.standards.models import Category
from server.standards.rules import USUAL, Shot, shots_of_class
from server.standards.shots import shots_by_code


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
    """Return the names that are known, of the newest version of each scheme; an unknown code is left out.

    A report's code is never refused: a handset with an old scheme must not lose a report, its code is shown.
    """
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    rows = session.execute(
        select(Category.scheme, Category.code, Category.name, Category.name_en)
        .where(tuple_(Category.scheme, Category.code).in_([(key.scheme, key.code) for key in wanted]))
        .order_by(Category.version)
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


def scheme_versions(session: Session) -> list[tuple[str, str]]:
    """Return (scheme, version) of all that is loaded, the newest version of a scheme first."""
    known = select(Category.scheme, Category.version).distinct()
    rows = session.execute(known.order_by(Category.scheme, Category.version.desc()))
    return [(row.scheme, row.version) for row in rows]


def newest_version(session: Session, scheme: str) -> str | None:
    """Return the newest version of a scheme that is loaded, or None."""
    return session.scalar(select(func.max(Category.version)).where(Category.scheme == scheme))


def required_shots(session: Session, scheme: str, version: str | None, code: str) -> tuple[Shot, ...]:
    """Return what a case of a class needs at every stage; ``version`` is the one it was filed under, None the newest.

    A version that is not loaded demands the usual.
    """
    named = version or newest_version(session, scheme)
    return USUAL if named is None else shots_of_class(shots_by_code(session, scheme, named), code)
