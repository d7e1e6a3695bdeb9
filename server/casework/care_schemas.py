"""Wire shapes of holds, retention and disposals."""

from marshmallow import EXCLUDE, Schema, fields, validate

from server.evidence.reasons import MOST_REASON
from server.evidence.rules import LEAST_YEARS, MOST_YEARS, OWNER_KINDS
from server.identity.schemas import Instant

STATES = ("proposed", "approved", "refused", "executed")
DECISIONS = ("approve", "refuse")


class WrittenReasonSchema(Schema):
    """An act that needs a written reason."""

    reason = fields.String(required=True, validate=validate.Length(min=1, max=MOST_REASON))


class HoldSchema(Schema):
    """A legal hold; open while ``released_at`` is null."""

    id = fields.UUID()
    reason = fields.String()
    placed_by = fields.UUID()
    placed_at = Instant()
    released_by = fields.UUID(allow_none=True)
    released_at = Instant(allow_none=True)
    release_reason = fields.String(allow_none=True)


class HoldListSchema(Schema):
    """All holds of a case, oldest first."""

    holds = fields.List(fields.Nested(HoldSchema))


class KeptSchema(Schema):
    """How long an agency keeps an owner kind; ``own``: by a rule of its own."""

    agency_id = fields.UUID()
    agency = fields.String()
    owner_kind = fields.String()
    years = fields.Integer()
    own = fields.Boolean()


class RetentionSchema(Schema):
    """The retention of all agencies in scope, in the order of the tree."""

    rules = fields.List(fields.Nested(KeptSchema))


class RetentionRuleSchema(Schema):
    """PUT /retention; ``years`` null: as the agency above."""

    agency_id = fields.UUID(required=True)
    owner_kind = fields.String(load_default="case", validate=validate.OneOf(OWNER_KINDS))
    years = fields.Integer(required=True, allow_none=True, validate=validate.Range(LEAST_YEARS, MOST_YEARS))


class DueCaseSchema(Schema):
    """A case past retention; ``photos``: how many are left."""

    case_id = fields.UUID()
    case_no = fields.String(allow_none=True)
    agency_id = fields.UUID(attribute="owner.agency_id")
    ended_at = Instant(attribute="owner.finished_at")
    photos = fields.Integer()


class DueListSchema(Schema):
    """The first cases that are due, those that ended first."""

    due = fields.List(fields.Nested(DueCaseSchema))


class DisposalSchema(Schema):
    """A disposal; ``executable_at`` while it is approved: the earliest time of its execution."""

    id = fields.UUID()
    agency_id = fields.UUID()
    owner_kind = fields.String()
    owner_id = fields.UUID()
    state = fields.String(validate=validate.OneOf(STATES))
    reason = fields.String()
    proposed_by = fields.UUID()
    proposed_at = Instant()
    decided_by = fields.UUID(allow_none=True)
    decided_at = Instant(allow_none=True)
    decision = fields.String(allow_none=True)
    single_person = fields.Boolean()
    executable_at = Instant(allow_none=True)
    executed_at = Instant(allow_none=True)
    version = fields.String()


class DisposalListSchema(Schema):
    """Disposals, the newest first."""

    disposals = fields.List(fields.Nested(DisposalSchema))


class DisposalQuerySchema(Schema):
    """Filter of GET /disposals; ``limit`` is read by paging."""

    class Meta:
        unknown = EXCLUDE

    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class DisposalProposalSchema(WrittenReasonSchema):
    """POST /disposals."""

    case_id = fields.UUID(required=True)


class NewIdSchema(Schema):
    """The disposal that was proposed."""

    id = fields.UUID()


class DisposalDecisionSchema(Schema):
    """POST /disposals/{id}/decision; a refusal, and an approval of one's own proposal, need a reason."""

    decision = fields.String(required=True, validate=validate.OneOf(DECISIONS))
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=MOST_REASON))
    version = fields.String(load_default=None, allow_none=True)
