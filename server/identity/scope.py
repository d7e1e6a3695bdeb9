"""Which rows an agency scope covers: every row carries its agency, every query filters by it."""

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, or_, select

from server.identity.models import Agency

# Everybody at one desk has the same.
_SCOPES = 256


def in_scope(scope: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that an agency lies at or below the paths of ``scope``; an empty scope covers nothing."""
    return or_(false(), *(Agency.path.startswith(path, autoescape=True) for path in scope))


def agencies_in(scope: Sequence[str]) -> Select[UUID]:
    """Return the select of the agencies in ``scope`` (see `in_scope`)."""
    return _agencies_in(tuple(scope))


@lru_cache(_SCOPES)
def _agencies_in(scope: tuple[str, ...]) -> Select[UUID]:
    return select(Agency.id).where(in_scope(scope))
