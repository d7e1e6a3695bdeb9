"""Wire shapes of requests."""

from marshmallow import EXCLUDE, Schema, fields, validate

from server.casework.requests.rules import MOST_REASON, RequestKind, RequestState, Verdict
from server.identity.schemas import Instant

KINDS = [kind.value for kind in RequestKind]
STATES = [state.value for state in RequestState]
STAGES = ("acceptance", "verification", "dispatch", "disposal", "check")


class RequestSchema(Schema):
    """A request; ``waits_for`` names the permission of the next decision, null once it is decided."""

    id = fields.UUID()
    case_id = fields.UUID()
    case_no = fields.String(allow_none=True)
    agency_id = fields.UUID()
    kind = fields.String(validate=validate.OneOf(KINDS))
    state = fields.String(validate=validate.OneOf(STATES))
    asked_by = fields.UUID()
    asked_at = Instant()
    reason = fields.String()
    until = Instant(allow_none=True)
    stage = fields.String(allow_none=True)
    first_by = fields.UUID(allow_none=True)
    first_at = Instant(allow_none=True)
    first_verdict = fields.String(allow_none=True)
    first_reason = fields.String(allow_none=True)
    decided_by = fields.UUID(allow_none=True)
    decided_at = Instant(allow_none=True)
    decision_reason = fields.String(allow_none=True)
    single_person = fields.Boolean()
    waits_for = fields.String(allow_none=True)


class CaseRequestsSchema(Schema):
    """All requests about a case, the oldest first."""

    requests = fields.List(fields.Nested(RequestSchema))


class RequestListSchema(Schema):
    """A page of requests, the newest first; ``next`` is the ``after`` of the following page."""

    requests = fields.List(fields.Nested(RequestSchema), attribute="items")
    next = fields.String(allow_none=True)


class RequestQuerySchema(Schema):
    """Filters of GET /requests; ``after`` and ``limit`` are read by paging."""

    class Meta:
        unknown = EXCLUDE

    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    kind = fields.String(load_default=None, validate=validate.OneOf(KINDS))


class NewRequestSchema(Schema):
    """POST /cases/{id}/requests; ``until`` for a suspension, ``stage`` for an appeal."""

    kind = fields.Enum(RequestKind, by_value=True, required=True)
    reason = fields.String(required=True, validate=validate.Length(min=1, max=MOST_REASON))
    until = fields.AwareDateTime(load_default=None, allow_none=True)
    stage = fields.String(load_default="disposal", validate=validate.OneOf(STAGES))


class VerdictSchema(Schema):
    """POST /requests/{id}/decision; a rejection needs a reason."""

    verdict = fields.Enum(Verdict, by_value=True, required=True)
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=MOST_REASON))
