"""Wire shapes of geography. Degrees are CGCS2000 unless a field names another system."""

from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from server.geography.crs import Crs
from server.geography.rules import GRID_DIGITS, USUAL_DIGITS, FindingKind, LayerKind, LayerStatus
from server.identity.schemas import Instant, line

KINDS = tuple(kind.value for kind in LayerKind)
CRS = tuple(crs.value for crs in Crs)
_STATUSES = tuple(status.value for status in LayerStatus)
_LONGEST_REASON = 500
_MOST_OFFICERS = 20
_EDGES = 4


class LayerQuerySchema(Schema):
    """Filter of GET /layers; ``limit`` and ``after`` are read by paging."""

    class Meta:
        unknown = EXCLUDE

    kind = fields.String(load_default=None, validate=validate.OneOf(KINDS))
    status = fields.String(load_default=None, validate=validate.OneOf(_STATUSES))


class NewLayerSchema(Schema):
    """What stands in the address of POST /layers; the body is the file. ``crs``: what the file's numbers are in.

    ``digits``: of the city's unit grid codes. ``agency_id``: whose layer it is, the own agency when omitted.
    """

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    name = line(64)
    crs = fields.String(load_default=Crs.CGCS2000.value, validate=validate.OneOf(CRS))
    agency_id = fields.UUID(load_default=None)
    digits = fields.Integer(load_default=USUAL_DIGITS, validate=validate.OneOf(GRID_DIGITS))


class LayerFindingSchema(Schema):
    """One thing that is wrong; ``codes`` name the features, ``#7`` the seventh of the file where it has no code."""

    kind = fields.String(validate=validate.OneOf([kind.value for kind in FindingKind]))
    codes = fields.List(fields.String())
    lon = fields.Float(allow_none=True)
    lat = fields.Float(allow_none=True)
    area_m2 = fields.Float(allow_none=True)
    told = fields.String(allow_none=True)
    stops = fields.Boolean()
    forgivable = fields.Boolean()


class LayerSchema(Schema):
    """A version of a layer; ``finding_counts`` by kind."""

    id = fields.UUID()
    agency_id = fields.UUID()
    agency = fields.String()
    kind = fields.String()
    name = fields.String()
    version = fields.Integer()
    status = fields.String()
    source_crs = fields.String()
    valid_from = Instant(allow_none=True)
    valid_to = Instant(allow_none=True)
    imported_by = fields.UUID()
    imported_at = Instant()
    feature_count = fields.Integer()
    forgiven = fields.String(allow_none=True)
    finding_counts = fields.Dict(fields.String(), fields.Integer(), attribute="findings.counts")


class LayerDetailSchema(LayerSchema):
    """A layer with its findings, at most 500, those that stop it first."""

    findings = fields.List(fields.Nested(LayerFindingSchema), attribute="findings.first")


class LayerPageSchema(Schema):
    """A page of layers, the newest import first."""

    items = fields.List(fields.Nested(LayerSchema))
    next = fields.String(allow_none=True)


class ActivationSchema(Schema):
    """POST /layers/{id}/activation; ``reason``: why its gaps are right."""

    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=_LONGEST_REASON))


class FrameSchema(Schema):
    """Query of GET /layers/{id}/features. ``bbox``: west,south,east,north in CGCS2000 degrees."""

    class Meta:
        unknown = EXCLUDE

    # Named for the description too: apispec would ask the field to write None, which it cannot.
    bbox = fields.Method(deserialize="edges", load_default=None, metadata={"default": None, "type": "string"})

    def edges(self, text: Any) -> tuple[float, ...]:  # noqa: ANN401 (whatever was sent)
        """Return the four numbers; raises ValidationError."""
        told = "Must be west,south,east,north in degrees."
        try:
            numbers = tuple(float(part) for part in str(text).split(","))
        except ValueError as error:
            raise ValidationError(told) from error
        # Comparing says no to NaN as well; infinite edges are a legal way to say: all of it.
        if len(numbers) != _EDGES or not (numbers[0] <= numbers[2] and numbers[1] <= numbers[3]):
            raise ValidationError(told)
        return numbers


class GridOfficersSchema(Schema):
    """PUT /layers/{id}/grids/{code}/officers: all who look after it from now on."""

    officer_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(max=_MOST_OFFICERS))


class AskedPointSchema(Schema):
    """Query of GET /place: a point in any known system, and by whose layers it is to be located."""

    class Meta:
        unknown = EXCLUDE

    lon = fields.Float(required=True, validate=validate.Range(-180, 180))
    lat = fields.Float(required=True, validate=validate.Range(-90, 90))
    crs = fields.String(load_default=Crs.WGS84.value, validate=validate.OneOf(CRS))
    agency_id = fields.UUID(load_default=None)


class LocatedSchema(Schema):
    """What lies at a point, which ``lon`` and ``lat`` give in CGCS2000; null: no layer, or outside it."""

    lon = fields.Float()
    lat = fields.Float()
    area_code = fields.String(allow_none=True)
    area_name = fields.String(allow_none=True)
    cell_code = fields.String(allow_none=True)
    responsibility_code = fields.String(allow_none=True)
    officer_ids = fields.List(fields.UUID())
