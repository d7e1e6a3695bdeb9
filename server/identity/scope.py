"""Which rows an agency scope covers: every row carries its agency, every query filters by it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, false, or_, select

from server.identity.models import Agency


def agencies_in(scope: Sequence[str]) -> Select[UUID]:
    """Return the select of the agencies at or below the paths of ``scope``; an empty scope covers nothing."""
    below = [Agency.path.startswith(path, autoescape=True) for path in scope]
    return select(Agency.id).where(or_(*below) if below else false())
