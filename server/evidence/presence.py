"""What counts as a photograph that is here: conditions on its row, for every statement that asks.

A row alone proves no bytes: they may be condemned, gone, or lie on a machine that does not answer.
"""

from datetime import datetime, timedelta

from sqlalchemy import BindParameter, ColumnElement, and_, exists, not_, or_

from server.evidence.models import Photo
from server.ledger.models import Node

# A machine that was not seen for so long cannot hand out what waits on it for the store.
NODE_SILENT = timedelta(minutes=15)
# The finding of a reconciliation or a scrub: the store has no bytes under this hash.
MISSING = "missing"


def is_here(moment: datetime) -> ColumnElement[bool]:
    """Return the condition that a photograph can be had: not on its way out, not gone, its machine alive."""
    return and_(
        Photo.condemned_at.is_(None),
        Photo.disposed_at.is_(None),
        not_(is_lost(moment)),
    )


def can_be_kept(alive_since: BindParameter[datetime]) -> ColumnElement[bool]:
    """Return the condition that a declaration still saves it: as above, but the condemned come back to life.

    ``alive_since``: the place of the moment after which a machine counts as alive.
    """
    lost = or_(is_missing(), is_on_a_node_unseen_since(alive_since))
    return and_(Photo.deleting_at.is_(None), Photo.disposed_at.is_(None), not_(lost))


def is_lost(moment: datetime) -> ColumnElement[bool]:
    """Return the condition that its bytes were here and cannot be had, so that handsets are asked for them again."""
    return or_(is_missing(), is_on_a_silent_node(moment))


def is_missing() -> ColumnElement[bool]:
    """Return the condition that the store was found to lack it; served by a partial index."""
    return and_(Photo.damaged_at.is_not(None), Photo.damage == MISSING)


def is_on_a_silent_node(moment: datetime) -> ColumnElement[bool]:
    """Return the condition that only a machine that is silent holds it; served by a partial index."""
    return is_on_a_node_unseen_since(moment - NODE_SILENT)


def is_on_a_node_unseen_since(moment: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Return the condition that only a machine holds it that was not seen since ``moment``, a value or its place."""
    alive = exists().where(Node.name == Photo.node, Node.seen_at >= moment)
    return and_(Photo.durability == "spooled", not_(alive))
