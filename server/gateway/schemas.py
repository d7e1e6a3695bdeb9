"""Wire shapes of the quarantine desk."""

from marshmallow import Schema, fields


class HeldItemSchema(Schema):
    """An item in quarantine, without its text."""

    row_id = fields.String()
    id = fields.UUID(attribute="item_id")
    fingerprint = fields.String()
    state = fields.String()
    kind = fields.String(allow_none=True)
    n = fields.Integer()
    dseq = fields.Integer(allow_none=True)
    received_at = fields.AwareDateTime()
    install_id = fields.UUID()
    officer_id = fields.UUID()
    problem = fields.Dict()


class QuarantineSchema(Schema):
    """A page of the quarantine."""

    items = fields.List(fields.Nested(HeldItemSchema))
    next = fields.String(allow_none=True)


class RawItemSchema(Schema):
    """An item in quarantine with its raw text; bytes that are no UTF-8 are written as backslash escapes."""

    item = fields.Nested(HeldItemSchema)
    body = fields.String()
    size = fields.Integer()
    head = fields.String()
    signature = fields.String(allow_none=True)
