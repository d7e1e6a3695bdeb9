"""Which photographs wait for their renditions: the condition on a row that the job, the sweep and the command share."""

from sqlalchemy import BindParameter, ColumnElement, and_, or_

from server.evidence.models import Photo
from server.evidence.rules import MOST_DERIVE_ATTEMPTS


def lacks_renditions(recipe: str | BindParameter[str], node: str | None = None) -> ColumnElement[bool]:
    """Return the condition that a photograph lacks those of ``recipe``, was not given up and is not on its way out.

    ``node``: without those whose bytes wait on another machine than this one.
    """
    waits = and_(
        or_(Photo.derived_recipe.is_(None), Photo.derived_recipe != recipe),
        Photo.derive_attempts < MOST_DERIVE_ATTEMPTS,
        Photo.deleting_at.is_(None),
        Photo.disposed_at.is_(None),
    )
    return waits if node is None else and_(waits, or_(Photo.node.is_(None), Photo.node == node))
