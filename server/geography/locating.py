"""Says in which area, unit grid and responsibility grid a point lies, and who looks after it. Read-only.

Each process keeps the indexes of the layers it was asked about. A layer's features never change, so an index is right
for as long as its layer is current, and which one is current is read anew every time.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, aliased

from server.geography.index import Found, LayerIndex
from server.geography.models import GeoFeature, GeoLayer, GridOfficer
from server.geography.rules import COVERING, LayerKind, LayerStatus
from server.identity.models import Agency, Officer

_holder, _asker = aliased(Agency), aliased(Agency)
_CURRENT = (
    select(GeoLayer.kind, GeoLayer.id)
    .join(_holder, GeoLayer.agency_id == _holder.id)
    .join(_asker, func.substr(_asker.path, 1, func.length(_holder.path)) == _holder.path)
    .where(_asker.id == bindparam("agency_id"), GeoLayer.status == LayerStatus.CURRENT, GeoLayer.kind.in_(COVERING))
    .order_by(func.length(_holder.path))
)
# Three kinds for each of a few towns; a layer of 2,000 cells takes about 3 MB.
_MOST_KEPT = 24


@dataclass(frozen=True)
class Place:
    """What lies at a point by the current layers; None where there is no such layer or the point is outside it."""

    area_code: str | None = None
    area_name: str | None = None
    cell_code: str | None = None
    responsibility_code: str | None = None


class _Indexes:
    """The indexes of this process, the longest unused one goes first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, LayerIndex] = OrderedDict()
        self._lock = Lock()

    def of(self, session: Session, layer_id: UUID) -> LayerIndex:
        # Under the lock: twenty threads that miss the same layer would otherwise all build it.
        with self._lock:
            found = self._kept.get(layer_id)
            if found is None:
                found = self._kept[layer_id] = LayerIndex(_features(session, layer_id))
            self._kept.move_to_end(layer_id)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
            return found


_INDEXES = _Indexes()


def locate(session: Session, agency_id: UUID, lon: float, lat: float) -> Place:
    """Return the place of a point in CGCS2000 degrees (server.geography.crs.canonical) by the layers of an agency.

    Where the agency has no layer of a kind, that of the nearest agency above it holds.
    """
    return locate_by(session, current_layers(session, agency_id), lon, lat)


def locate_by(session: Session, layers: Mapping[LayerKind, UUID], lon: float, lat: float) -> Place:
    """Return the place of a point by layers that were read in this session, for many points of one agency."""
    found: dict[LayerKind, Found] = {}
    for kind, layer_id in layers.items():
        hit = _INDEXES.of(session, layer_id).at(lon, lat)
        if hit is not None:
            found[kind] = hit
    area = found.get(LayerKind.AREA)
    cell = found.get(LayerKind.UNIT_GRID)
    grid = found.get(LayerKind.RESPONSIBILITY_GRID)
    return Place(
        area_code=None if area is None else area.code,
        area_name=None if area is None else area.name,
        cell_code=None if cell is None else cell.code,
        responsibility_code=None if grid is None else grid.code,
    )


def current_layers(session: Session, agency_id: UUID) -> dict[LayerKind, UUID]:
    """Return the current layer of each covering kind that holds for an agency, by one statement."""
    rows = session.execute(_CURRENT, {"agency_id": agency_id})
    # The deepest holder comes last and wins.
    return {LayerKind(kind): layer_id for kind, layer_id in rows}


def officers_of(session: Session, responsibility_code: str, agency_id: UUID | None = None) -> Sequence[UUID]:
    """Return the active officers who look after a responsibility grid now, in the order in which they took it over.

    ``agency_id``: only what the agencies at and above this one have assigned; two towns may give the same code.
    """
    chosen = (
        select(GridOfficer.officer_id)
        .join(Officer, GridOfficer.officer_id == Officer.id)
        .where(GridOfficer.grid_code == responsibility_code, GridOfficer.to_at.is_(None), Officer.active)
        .order_by(GridOfficer.id)
    )
    if agency_id is not None:
        holder, asker = aliased(Agency), aliased(Agency)
        above = func.substr(asker.path, 1, func.length(holder.path)) == holder.path
        holders = select(holder.id).join(asker, above).where(asker.id == agency_id)
        chosen = chosen.where(GridOfficer.agency_id.in_(holders))
    return session.scalars(chosen).all()


def _features(session: Session, layer_id: UUID) -> list[tuple[str, str, float, str]]:
    rows = session.execute(
        select(GeoFeature.code, GeoFeature.name, GeoFeature.area_m2, GeoFeature.geometry).where(
            GeoFeature.layer_id == layer_id
        )
    )
    return [(code, name, area, shape) for code, name, area, shape in rows]
