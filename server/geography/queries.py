"""Reads of geography: lists of layers and their features in pages, who looks after which grid.

An officer reads the layers of the own agencies and those above them, by which the own cases are located.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, exists, func, select
from sqlalchemy.orm import Session

from server.geography.locating import current_layers
from server.geography.models import GeoFeature, GeoLayer, GridOfficer
from server.geography.rules import Findings, LayerKind
from server.identity.models import Agency, Officer, RoleGrant
from server.identity.rules import FIELD_ROLES
from server.identity.scope import agencies_in
from server.keyset import Page, cut, decode
from server.problems import Problem

# A form's list; more are assigned by API.
_MOST_OFFERED = 500


@dataclass(frozen=True)
class LayerRow:
    """A version of a layer."""

    id: UUID
    agency_id: UUID
    agency: str
    kind: LayerKind
    name: str
    version: int
    status: str
    source_crs: str
    valid_from: datetime | None
    valid_to: datetime | None
    imported_by: UUID
    imported_at: datetime
    feature_count: int
    forgiven: str | None
    findings: Findings


@dataclass(frozen=True)
class Frame:
    """A rectangle in CGCS2000 degrees: west, south, east, north."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True)
class FeatureRow:
    """A feature; ``geometry`` is GeoJSON text in CGCS2000, ``inside`` a point that lies in it."""

    id: UUID
    code: str
    name: str
    properties: Mapping[str, Any]
    geometry: str
    area_m2: float
    inside: tuple[float, float]


@dataclass(frozen=True)
class GridRow:
    """A responsibility grid and who looks after it now: (id, name) of each officer."""

    code: str
    name: str
    officers: tuple[tuple[UUID, str], ...]


def layers(
    session: Session, scope: Sequence[str], *, kind: str | None, status: str | None, after: str | None, limit: int
) -> Page[LayerRow]:
    """Return a page of the layers that ``scope`` may read, the newest import first; raises validation."""
    chosen = _layers(scope).order_by(GeoLayer.id.desc()).limit(limit + 1)
    if kind:
        chosen = chosen.where(GeoLayer.kind == kind)
    if status:
        chosen = chosen.where(GeoLayer.status == status)
    if after:
        chosen = chosen.where(GeoLayer.id < decode(after))
    rows = session.execute(chosen).all()
    return cut(rows, limit, lambda row: row.GeoLayer.id, _layer_row)


def layer(session: Session, scope: Sequence[str], layer_id: UUID) -> LayerRow:
    """Return a layer that ``scope`` may read; raises not-found."""
    found = session.execute(_layers(scope).where(GeoLayer.id == layer_id)).one_or_none()
    if found is None:
        raise Problem("not-found")
    return _layer_row(found)


def features(
    session: Session, layer_id: UUID, *, frame: Frame | None = None, after: str | None = None, limit: int
) -> Page[FeatureRow]:
    """Return a page of a layer's features, those whose frame meets ``frame``, in the order of the file."""
    chosen = select(GeoFeature).where(GeoFeature.layer_id == layer_id).order_by(GeoFeature.id).limit(limit + 1)
    if frame is not None:
        tallest = session.scalar(select(GeoLayer.tallest).where(GeoLayer.id == layer_id)) or 0.0
        chosen = chosen.where(*_meets(frame, tallest))
    if after:
        chosen = chosen.where(GeoFeature.id > decode(after))
    return cut(session.scalars(chosen).all(), limit, lambda row: row.id, _feature_row)


def frame_of(session: Session, layer_id: UUID) -> Frame | None:
    """Return the frame of a whole layer; None where it has no feature."""
    edges = func.min(GeoFeature.min_lon), func.min(GeoFeature.min_lat), func.max(GeoFeature.max_lon)
    chosen = select(func.count(), *edges, func.max(GeoFeature.max_lat)).where(GeoFeature.layer_id == layer_id)
    count, west, south, east, north = session.execute(chosen).one()
    return Frame(west, south, east, north) if count else None


def grids(session: Session, of: LayerRow, *, after: str | None = None, limit: int) -> Page[GridRow]:
    """Return a page of a layer's responsibility grids, each with its officers."""
    page = features(session, of.id, after=after, limit=limit)
    codes = [feature.code for feature in page.items]
    rows = session.execute(
        select(GridOfficer.grid_code, Officer.id, Officer.name)
        .join(Officer, GridOfficer.officer_id == Officer.id)
        .where(GridOfficer.agency_id == of.agency_id, GridOfficer.grid_code.in_(codes), GridOfficer.to_at.is_(None))
        .order_by(GridOfficer.id)
    )
    officers: dict[str, list[tuple[UUID, str]]] = {}
    for code, officer_id, name in rows:
        officers.setdefault(code, []).append((officer_id, name))
    shown = (GridRow(feature.code, feature.name, tuple(officers.get(feature.code, ()))) for feature in page.items)
    return Page(tuple(shown), page.next)


def cell_shapes(session: Session, agency_id: UUID, codes: Sequence[str]) -> dict[str, str]:
    """Return the GeoJSON text of those unit grids that the current layer of an agency has, by code."""
    layer_id = current_layers(session, agency_id).get(LayerKind.UNIT_GRID)
    if layer_id is None:
        return {}
    rows = select(GeoFeature.code, GeoFeature.geometry).where(GeoFeature.layer_id == layer_id)
    return dict(session.execute(rows.where(GeoFeature.code.in_(codes))).all())


def agencies_for_layers(session: Session, scope: Sequence[str]) -> list[tuple[UUID, str]]:
    """Return (id, name) of the agencies in ``scope``, in the order of the tree."""
    rows = session.execute(
        select(Agency.id, Agency.name).where(Agency.id.in_(agencies_in(scope))).order_by(Agency.path)
    )
    return [(agency_id, name) for agency_id, name in rows]


def may_manage(session: Session, scope: Sequence[str], agency_id: UUID) -> bool:
    """Tell whether an agency lies in ``scope``."""
    return (
        session.scalar(select(Agency.id).where(Agency.id == agency_id, Agency.id.in_(agencies_in(scope)))) is not None
    )


def field_officers(session: Session, agency_id: UUID) -> list[tuple[UUID, str]]:
    """Return (id, name) of the active field officers at and below an agency, by login; at most 500."""
    path = select(Agency.path).where(Agency.id == agency_id).scalar_subquery()
    in_field = exists().where(RoleGrant.officer_id == Officer.id, RoleGrant.role.in_(FIELD_ROLES))
    rows = session.execute(
        select(Officer.id, Officer.name)
        .join(Agency, Officer.agency_id == Agency.id)
        .where(func.substr(Agency.path, 1, func.length(path)) == path, Officer.active, in_field)
        .order_by(Officer.login)
        .limit(_MOST_OFFERED)
    )
    return [(officer_id, name) for officer_id, name in rows]


def _layers(scope: Sequence[str]) -> Select[GeoLayer, str]:
    return select(GeoLayer, Agency.name).join(Agency, GeoLayer.agency_id == Agency.id).where(_readable(scope))


def _readable(scope: Sequence[str]) -> ColumnElement[bool]:
    above = [path[: end + 1] for path in scope for end, sign in enumerate(path) if sign == "/"]
    return GeoLayer.agency_id.in_(agencies_in(scope)) | Agency.path.in_(above)


def _meets(frame: Frame, tallest: float) -> tuple[ColumnElement[bool], ...]:
    return (
        # No feature is taller than that, so one whose lower edge lies deeper ends below the frame.
        GeoFeature.min_lat.between(frame.south - tallest, frame.north),
        GeoFeature.max_lat >= frame.south,
        GeoFeature.min_lon <= frame.east,
        GeoFeature.max_lon >= frame.west,
    )


def _layer_row(row: Row[GeoLayer, str]) -> LayerRow:
    stored, agency = row
    return LayerRow(
        id=stored.id,
        agency_id=stored.agency_id,
        agency=agency,
        kind=LayerKind(stored.kind),
        name=stored.name,
        version=stored.version,
        status=stored.status,
        source_crs=stored.source_crs,
        valid_from=stored.valid_from,
        valid_to=stored.valid_to,
        imported_by=stored.imported_by,
        imported_at=stored.imported_at,
        feature_count=stored.feature_count,
        forgiven=stored.forgiven,
        findings=Findings.from_text(stored.findings),
    )


def _feature_row(stored: GeoFeature) -> FeatureRow:
    return FeatureRow(
        id=stored.id,
        code=stored.code,
        name=stored.name,
        properties=json.loads(stored.properties),
        geometry=stored.geometry,
        area_m2=stored.area_m2,
        inside=(stored.inside_lon, stored.inside_lat),
    )
