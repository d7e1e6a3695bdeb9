"""Wire shapes of the inbox."""

from marshmallow import EXCLUDE, Schema, fields, validate

from server.casework.inbox.rules import Kind
from server.identity.schemas import Instant


class NoticeSchema(Schema):
    """A notice; ``by`` is the name of who did it, null for the system; ``facts`` depend on the kind."""

    id = fields.UUID()
    kind = fields.String(validate=validate.OneOf([kind.value for kind in Kind]))
    at = Instant()
    agency_id = fields.UUID()
    case_id = fields.UUID(allow_none=True)
    case_no = fields.String(allow_none=True)
    by_id = fields.UUID(allow_none=True)
    by = fields.String(allow_none=True)
    facts = fields.Dict(keys=fields.String())
    read = fields.Boolean()


class InboxSchema(Schema):
    """A page of notices, the newest first; ``next`` is the ``after`` of the following page."""

    notices = fields.List(fields.Nested(NoticeSchema), attribute="items")
    next = fields.String(allow_none=True)


class InboxQuerySchema(Schema):
    """Filters of GET /inbox; ``after`` and ``limit`` are read by paging."""

    class Meta:
        unknown = EXCLUDE

    unread = fields.Boolean(load_default=False)


class UnreadSchema(Schema):
    """How many notices are unread, 99 at most; ``more``: there are more than that."""

    count = fields.Integer()
    more = fields.Boolean()


class ReadThroughSchema(Schema):
    """POST /inbox/read; ``through`` is the newest notice that was seen, null for all there are."""

    through = fields.UUID(load_default=None, allow_none=True)


class MarkedSchema(Schema):
    """How many notices were marked."""

    marked = fields.Integer()
