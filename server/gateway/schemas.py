"""Wire shapes of the quarantine desk."""

from marshmallow import Schema, fields

from server.identity.schemas import Instant, line


class HeldItemSchema(Schema):
    """An item in quarantine, without its text."""

    row_id = fields.String()
    id = fields.UUID(attribute="item_id")
    fingerprint = fields.String()
    state = fields.String()
    kind = fields.String(allow_none=True)
    n = fields.Integer()
    dseq = fields.Integer(allow_none=True)
    received_at = Instant()
    install_id = fields.UUID()
    officer_id = fields.UUID()
    problem = fields.Dict()


class QuarantineSchema(Schema):
    """A page of the quarantine."""

    items = fields.List(fields.Nested(HeldItemSchema))
    next = fields.String(allow_none=True)


class RevisionSchema(Schema):
    """A repaired text beside the original."""

    revision = fields.Integer()
    body = fields.String()
    reason = fields.String()
    officer_id = fields.UUID()
    at = Instant()


class DecisionSchema(Schema):
    """What a person decided; ``single_person`` where nobody else could have confirmed."""

    action = fields.String()
    reason = fields.String()
    officer_id = fields.UUID()
    single_person = fields.Boolean()
    at = Instant()


class RawItemSchema(Schema):
    """An item with its raw text; bytes that are no UTF-8 are written as backslash escapes.

    Send ``seen`` back with a decision: 409 stale-version tells that somebody else was faster.
    """

    item = fields.Nested(HeldItemSchema)
    body = fields.String()
    size = fields.Integer()
    head = fields.String()
    signature = fields.String(allow_none=True)
    seen = fields.String()
    revisions = fields.List(fields.Nested(RevisionSchema))
    decisions = fields.List(fields.Nested(DecisionSchema))


class ReasonSchema(Schema):
    """A decision about an item, and the ``seen`` that was read with it (omitted: no comparison)."""

    reason = line(500)
    seen = fields.String(load_default=None, allow_none=True)


class RepairSchema(ReasonSchema):
    """A repaired text: the whole item as JSON text."""

    body = fields.String(required=True)


class DecidedSchema(Schema):
    """What the item is now; ``members`` are those of its outcome (problem, needs, case_id)."""

    row_id = fields.String()
    state = fields.String()
    members = fields.Dict()
