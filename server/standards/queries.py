"""Reads of standards: the names behind category codes."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from server.standards.models import Category


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
    newest = select(Category.version).where(Category.scheme == scheme).order_by(Category.version.desc()).limit(1)
    rows = session.execute(
        select(Category.code, Category.name, Category.name_en)
        .where(Category.scheme == scheme, Category.version == newest.scalar_subquery())
        .order_by(Category.code)
    )
    return {row.code: CategoryName(row.name, row.name_en) for row in rows}


def newest_version(session: Session, scheme: str) -> str | None:
    """Return the newest version of a scheme that is loaded, or None."""
    return session.scalar(select(func.max(Category.version)).where(Category.scheme == scheme))
