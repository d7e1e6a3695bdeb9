"""The API of geography: layers with their findings, features as GeoJSON in pages, and what lies at a point."""

import json
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from server.db import read, transact
from server.geography import operations, queries
from server.geography.crs import Crs, canonical
from server.geography.geojson import too_large
from server.geography.importing import Import, import_layer
from server.geography.locating import locate, officers_of
from server.geography.queries import LayerRow
from server.geography.rules import MOST_BYTES, LayerKind
from server.geography.schemas import (
    ActivationSchema,
    AskedPointSchema,
    FrameSchema,
    GridOfficersSchema,
    LayerDetailSchema,
    LayerPageSchema,
    LayerQuerySchema,
    LocatedSchema,
    NewLayerSchema,
)
from server.identity.rules import Permission
from server.identity.scope import agencies_in
from server.keyset import Page
from server.problems import Problem
from server.web import actor, api_blueprint, page_args

blueprint = api_blueprint("geography")
# Its bodies are files, not the JSON of a form.
files = api_blueprint("layers", takes_json=False)
blueprints = (blueprint, files)
MEDIA_TYPE = "application/geo+json"
_FILES = (MEDIA_TYPE, "application/json")


@files.post("/layers")
@files.doc(requestBody={"required": True, "content": {MEDIA_TYPE: {"schema": {"type": "object"}}}})
@files.arguments(NewLayerSchema, location="query")
@files.response(HTTPStatus.CREATED, LayerDetailSchema)
def import_file(told: dict[str, Any]) -> LayerRow:
    """Import a GeoJSON file as a draft and tell what is wrong with it."""
    me = actor()
    me.require(Permission.MANAGE_GEOGRAPHY)
    if request.mimetype not in _FILES:
        raise Problem("wrong-content-type", f"Send Content-Type: {MEDIA_TYPE}.")
    agency_id = told["agency_id"] or me.agency_id
    asked = Import(agency_id, LayerKind(told["kind"]), told["name"], Crs(told["crs"]), told["digits"])
    return _layer(import_layer(me, asked, _body()))


@blueprint.get("/layers")
@blueprint.arguments(LayerQuerySchema, location="query")
@blueprint.response(HTTPStatus.OK, LayerPageSchema)
def layers(asked: dict[str, Any]) -> Page[LayerRow]:
    """List the layers of the own agencies and of those above them, the newest import first."""
    scope = actor().require(Permission.READ_GEOGRAPHY)
    after, limit = page_args()
    return read(queries.layers, scope, kind=asked["kind"], status=asked["status"], after=after, limit=limit)


@blueprint.get("/layers/<uuid:layer_id>")
@blueprint.response(HTTPStatus.OK, LayerDetailSchema)
def layer(layer_id: UUID) -> LayerRow:
    """Show a layer with its findings."""
    return _layer(layer_id)


@blueprint.get("/layers/<uuid:layer_id>/features")
@blueprint.arguments(FrameSchema, location="query")
@blueprint.response(HTTPStatus.OK, {"type": "object"}, content_type=MEDIA_TYPE)
def features(asked: dict[str, Any], layer_id: UUID) -> Response:
    """Send a layer's features as a GeoJSON FeatureCollection; its member ``next`` is the cursor of the next page."""
    of = _layer(layer_id)
    after, limit = page_args()
    frame = asked["bbox"] and queries.Frame(*asked["bbox"])
    page = read(queries.features, of.id, frame=frame, after=after, limit=limit)
    shown = ",".join(_feature(one) for one in page.items)
    told = json.dumps({"numberReturned": len(page.items), "next": page.next})
    body = f'{{"type":"FeatureCollection","features":[{shown}],{told[1:]}'
    return Response(body, mimetype=MEDIA_TYPE)


@blueprint.post("/layers/<uuid:layer_id>/activation")
@blueprint.arguments(ActivationSchema)
@blueprint.response(HTTPStatus.OK, LayerDetailSchema)
def activate(asked: dict[str, Any], layer_id: UUID) -> LayerRow:
    """Let a draft hold from now on, in the place of the version before it."""
    transact(operations.activate, actor(), layer_id, asked["reason"])
    return _layer(layer_id)


@blueprint.delete("/layers/<uuid:layer_id>")
@blueprint.response(HTTPStatus.NO_CONTENT)
def discard(layer_id: UUID) -> None:
    """Throw a draft away."""
    transact(operations.discard, actor(), layer_id)


@blueprint.put("/layers/<uuid:layer_id>/grids/<code>/officers")
@blueprint.arguments(GridOfficersSchema)
@blueprint.response(HTTPStatus.OK, GridOfficersSchema)
def assign(asked: dict[str, Any], layer_id: UUID, code: str) -> dict[str, Any]:
    """Say who looks after a responsibility grid from now on."""
    transact(operations.assign_officers, actor(), layer_id, code, asked["officer_ids"])
    return asked


@blueprint.get("/place")
@blueprint.arguments(AskedPointSchema, location="query")
@blueprint.response(HTTPStatus.OK, LocatedSchema)
def place(asked: dict[str, Any]) -> dict[str, Any]:
    """Tell in which area, unit grid and responsibility grid a point lies, and who looks after it."""
    me = actor()
    scope = me.require(Permission.READ_GEOGRAPHY)
    agency_id = asked["agency_id"] or me.agency_id
    if agency_id not in read(lambda session: session.scalars(agencies_in(scope)).all()):
        raise Problem("not-found")
    lon, lat = canonical(asked["lon"], asked["lat"], asked["crs"])
    found = read(locate, agency_id, lon, lat)
    grid = found.responsibility_code
    officers = [] if grid is None else read(officers_of, grid, agency_id)
    return {"lon": lon, "lat": lat, **vars(found), "officer_ids": officers}


def _layer(layer_id: UUID) -> LayerRow:
    return read(queries.layer, actor().require(Permission.READ_GEOGRAPHY), layer_id)


def _body() -> bytes:
    # This door's own limit; the application's is for JSON and smaller.
    request.max_content_length = MOST_BYTES
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise too_large() from error


def _feature(one: queries.FeatureRow) -> str:
    """Return a feature as text: its shape is text already, and a page has 200 of them."""
    properties = {**one.properties, "code": one.code, "name": one.name, "area_m2": round(one.area_m2, 1)}
    told = {"type": "Feature", "id": str(one.id), "properties": properties}
    return f'{json.dumps(told, ensure_ascii=False)[:-1]},"geometry":{one.geometry}}}'
