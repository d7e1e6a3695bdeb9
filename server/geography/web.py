"""Console pages of geography: layers with what is wrong with them, and who looks after which responsibility grid."""

from uuid import UUID

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from server.db import read, transact
from server.forms import field, field_id, go, tell, tell_problem
from server.geography import operations, queries
from server.geography.crs import Crs
from server.geography.geojson import unreadable
from server.geography.importing import Import, import_layer
from server.geography.labels import CRS, FINDINGS, KINDS, STATUSES
from server.geography.rules import GRID_DIGITS, MOST_BYTES, USUAL_DIGITS, LayerKind
from server.geography.sketch import MOST_DRAWN, sketch
from server.i18n import _
from server.identity.rules import Permission
from server.keyset import Page
from server.problems import Problem
from server.web import actor, console_pages, page_args, signed_in

pages = console_pages("geography")
# The parts of the form around the file.
_SLACK = 65_536
_LONGEST_NAME = 64
_WORDS = {"kinds": KINDS, "statuses": STATUSES, "kinds_of_finding": FINDINGS, "systems": CRS}


@pages.url_value_preprocessor
def _admit_file(endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Let an officer's file through, before the check against forged forms reads the body; a stranger's is small."""
    if endpoint != "geography_pages.upload":
        return
    try:
        allowed = signed_in().may(Permission.MANAGE_GEOGRAPHY)
    except Problem:
        return
    if allowed:
        request.max_content_length = MOST_BYTES + _SLACK


@pages.get("/geography")
def layers() -> ResponseReturnValue:
    """Show the layers, and the form that brings another."""
    me = actor()
    scope = me.require(Permission.READ_GEOGRAPHY)
    after, limit = page_args()
    page = read(queries.layers, scope, kind=None, status=None, after=after, limit=limit)
    agencies = read(queries.agencies_for_layers, me.scope(Permission.MANAGE_GEOGRAPHY))
    return render_template(
        "geography/layers.html", page=page, agencies=agencies, digits=GRID_DIGITS, usual=USUAL_DIGITS, **_WORDS
    )


@pages.post("/geography/layers")
def upload() -> ResponseReturnValue:
    """Import a file as a draft and show what is wrong with it."""
    try:
        layer_id = import_layer(actor(), _told(), _file())
    except Problem as problem:
        if problem.slug == "not-found":
            raise
        tell_problem(problem)
        return go("geography_pages.layers")
    tell(_("The layer is stored as a draft: look it over and activate it."))
    return go("geography_pages.layer", layer_id=layer_id)


@pages.get("/geography/layers/<uuid:layer_id>")
def layer(layer_id: UUID) -> ResponseReturnValue:
    """Show one layer: what it is, its findings, its sketch, its responsibility grids with their officers."""
    me = actor()
    of = _layer(layer_id)
    after, limit = page_args()
    manages = read(queries.may_manage, me.scope(Permission.MANAGE_GEOGRAPHY), of.agency_id)
    grids: Page[queries.GridRow] | None = None
    officers: list[tuple[UUID, str]] = []
    if of.kind is LayerKind.RESPONSIBILITY_GRID:
        grids = read(queries.grids, of, after=after, limit=limit)
        officers = read(queries.field_officers, of.agency_id) if manages else []
    return render_template(
        "geography/layer.html",
        layer=of,
        manages=manages,
        grids=grids,
        officers=officers,
        most_drawn=MOST_DRAWN,
        **_WORDS,
    )


@pages.get("/geography/layers/<uuid:layer_id>/sketch.svg")
def sketch_of(layer_id: UUID) -> ResponseReturnValue:
    """Send the layer's sketch."""
    return Response(read(sketch, _layer(layer_id)), mimetype="image/svg+xml")


@pages.post("/geography/layers/<uuid:layer_id>/<any(activate, discard, assign):step>")
def act(layer_id: UUID, step: str) -> ResponseReturnValue:
    """Take a step with a layer and go back to the page, which says what became of it."""
    me = actor()
    try:
        if step == "discard":
            transact(operations.discard, me, layer_id)
            tell(_("The draft is gone."))
            return go("geography_pages.layers")
        if step == "activate":
            transact(operations.activate, me, layer_id, field("reason"))
            tell(_("The layer holds from now on."))
        else:
            transact(operations.assign_officers, me, layer_id, field("code"), _officers())
            tell(_("The officers of the responsibility grid are saved."))
    except Problem as problem:
        if problem.slug == "not-found":
            raise
        tell_problem(problem)
    return go("geography_pages.layer", layer_id=layer_id)


def _layer(layer_id: UUID) -> queries.LayerRow:
    return read(queries.layer, actor().require(Permission.READ_GEOGRAPHY), layer_id)


def _told() -> Import:
    kind, crs, digits = field("kind"), field("crs"), field("digits") or str(USUAL_DIGITS)
    if kind not in KINDS or crs not in CRS or digits not in {str(number) for number in GRID_DIGITS}:
        raise Problem("validation", errors={"kind": [_("Choose what the file holds and its coordinate system.")]})
    name = field("name")
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise Problem("validation", errors={"name": [_("Give the layer a name of at most 64 letters.")]})
    return Import(field_id("agency_id"), LayerKind(kind), name, Crs(crs), int(digits))


def _file() -> bytes:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise unreadable(_("Choose a GeoJSON file."))
    return sent.stream.read(MOST_BYTES + 1)


def _officers() -> list[UUID]:
    try:
        return [UUID(text) for text in request.form.getlist("officer_ids")]
    except ValueError as error:
        raise Problem("validation", errors={"officer_ids": [_("Choose officers from the list.")]}) from error
