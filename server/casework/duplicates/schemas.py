"""Wire shapes of duplicates, recurrences and the policies for them."""

from marshmallow import EXCLUDE, Schema, fields, validate

from server.evidence.reasons import MOST_REASON
from server.identity.schemas import Instant

_REASON = validate.Length(min=1, max=MOST_REASON)
_STATES = ("proposed", "attached", "undone", "dismissed", "outdated")


class CaseBriefSchema(Schema):
    """As much of a case as a link shows."""

    id = fields.UUID()
    case_no = fields.String(allow_none=True)
    state = fields.String()
    description = fields.String()
    reporter_id = fields.UUID()
    at = Instant(metadata={"description": "When it was captured; where that is not known, when we received it."})


class LinkSchema(Schema):
    """``case`` is the same problem as ``other`` (duplicate) or came back after it (recurrence)."""

    id = fields.UUID()
    kind = fields.String(validate=validate.OneOf(["duplicate", "recurrence"]))
    state = fields.String(validate=validate.OneOf(_STATES))
    origin = fields.String(validate=validate.OneOf(["policy", "desk"]))
    case = fields.Nested(CaseBriefSchema)
    other = fields.Nested(CaseBriefSchema)
    distance_m = fields.Float(allow_none=True)
    apart_s = fields.Integer(allow_none=True)
    made_at = Instant()
    decided_by = fields.UUID(allow_none=True)
    reason = fields.String(allow_none=True)


class LinksSchema(Schema):
    """The links of a case."""

    links = fields.List(fields.Nested(LinkSchema))


class LinkListSchema(Schema):
    """A page of links; ``next`` is the cursor of the following one, null at the end."""

    items = fields.List(fields.Nested(LinkSchema))
    next = fields.String(allow_none=True)


class LinkQuerySchema(Schema):
    """Which duplicates to list."""

    class Meta:
        """The paging arguments are read elsewhere."""

        unknown = EXCLUDE

    state = fields.String(load_default="proposed", validate=validate.OneOf(_STATES))


class MergeSchema(Schema):
    """Merge a case into another, named by its number or id."""

    into = fields.String(required=True, validate=validate.Length(min=1, max=64))
    reason = fields.String(required=True, validate=_REASON)
    version = fields.String(load_default=None, allow_none=True)


class UndoMergeSchema(Schema):
    """Let a merged case stand for itself again."""

    reason = fields.String(required=True, validate=_REASON)
    version = fields.String(load_default=None, allow_none=True)


class LinkDecisionSchema(Schema):
    """Take a proposed duplicate up or dismiss it."""

    accept = fields.Boolean(required=True)
    reason = fields.String(required=True, validate=_REASON)


class PolicySchema(Schema):
    """What happens to likely duplicates of a class; ``code`` empty: all classes of the scheme."""

    agency_id = fields.UUID(required=True)
    scheme = fields.String(required=True, validate=validate.Length(min=1, max=32))
    code = fields.String(load_default="", validate=validate.Length(max=16))
    action = fields.String(required=True, validate=validate.OneOf(["attach", "propose", "off"]))
    radius_m = fields.Integer(load_default=50, validate=validate.Range(1, 1000))
    hours = fields.Integer(load_default=24, validate=validate.Range(1, 720))
    recurrence_days = fields.Integer(load_default=30, validate=validate.Range(1, 366))
    recurrence_radius_m = fields.Integer(load_default=50, validate=validate.Range(1, 1000))


class PolicyKeySchema(Schema):
    """Which policy to take back."""

    agency_id = fields.UUID(required=True)
    scheme = fields.String(required=True)
    code = fields.String(load_default="")


class PolicyListSchema(Schema):
    """The policies that were set; where none is, likely duplicates within 50 m and 24 h are proposed."""

    policies = fields.List(fields.Nested(PolicySchema))
