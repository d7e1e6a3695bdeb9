"""An import from the file to the stored draft: what API, page and command line share. The reading is no transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from server.db import read, transact
from server.geography.crs import Crs
from server.geography.drafting import Draft, draft_of
from server.geography.incoming import Reading
from server.geography.operations import NewLayer, store_draft
from server.geography.queries import cell_shapes
from server.geography.rules import USUAL_DIGITS, LayerKind
from server.identity.models import Agency
from server.identity.rules import Actor, Permission, within
from server.problems import Problem


@dataclass(frozen=True)
class Import:
    """What is told about a file. ``digits``: of the city's unit grid codes."""

    agency_id: UUID
    kind: LayerKind
    name: str
    crs: Crs = Crs.CGCS2000
    digits: int = USUAL_DIGITS


def looked_over(told: Import, raw: bytes) -> Draft:
    """Return what a file holds and what is wrong with it; stores nothing. Raises as `draft_of` does."""

    def cells(codes: Sequence[str]) -> dict[str, str]:
        return read(cell_shapes, told.agency_id, codes)

    return draft_of(raw, Reading(told.kind, told.crs, cells), told.digits)


def import_layer(actor: Actor, told: Import, raw: bytes) -> UUID:
    """Store a file as a draft and return its id. Raises forbidden, not-found, and as `looked_over` does."""
    # Before the long work: who may not store need not wait for it.
    scope = actor.require(Permission.MANAGE_GEOGRAPHY)
    path = read(lambda session: getattr(session.get(Agency, told.agency_id), "path", None))
    if path is None or not within(path, scope):
        raise Problem("not-found")
    return transact(store_draft, actor, NewLayer(told.agency_id, told.name), looked_over(told, raw))
