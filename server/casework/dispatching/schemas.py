"""Wire shapes of the responsibility matrix, of proposals and of tasks that a desk orders."""

from marshmallow import EXCLUDE, Schema, fields, validate

from server.evidence.reasons import MOST_REASON
from server.identity.schemas import Instant

_REASON = validate.Length(min=1, max=MOST_REASON)


class EntrySchema(Schema):
    """An entry of the matrix. ``code`` empty: every class; two digits: a major class. ``area_code`` empty: all."""

    id = fields.UUID(dump_only=True)
    agency_id = fields.UUID(required=True)
    scheme = fields.String(required=True, validate=validate.Length(min=1, max=32))
    code = fields.String(load_default="", validate=validate.Length(max=16))
    area_code = fields.String(load_default="", validate=validate.Length(max=32))
    lead_squad_id = fields.UUID(required=True)
    assisting = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=10))
    basis = fields.String(required=True, validate=_REASON)
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(dump_only=True, allow_none=True)
    decided_from_case_id = fields.UUID(dump_only=True, allow_none=True)


class EntryListSchema(Schema):
    """The entries in scope."""

    entries = fields.List(fields.Nested(EntrySchema))


class EntryQuerySchema(Schema):
    """Which entries to list: all, or those in force on a day."""

    class Meta:
        """Other arguments are not ours."""

        unknown = EXCLUDE

    on = fields.Date(load_default=None)


class EntryEndSchema(Schema):
    """The last day on which an entry holds."""

    valid_to = fields.Date(required=True)


class MadeSchema(Schema):
    """The id of what was made."""

    id = fields.UUID()


class UnitProposalSchema(Schema):
    """A unit for a case; ``refused``: it returned this very case before."""

    squad_id = fields.UUID()
    name = fields.String()
    role = fields.String(validate=validate.OneOf(["lead", "assisting"]))
    basis = fields.String()
    refused = fields.Boolean()


class CollectorProposalSchema(Schema):
    """A collector for a verification or a check, the best first."""

    officer_id = fields.UUID()
    name = fields.String()
    on_shift = fields.Boolean()
    in_grid = fields.Boolean()
    distance_m = fields.Float(allow_none=True)
    seen_at = Instant(allow_none=True)
    open_tasks = fields.Integer()


class ProposalsSchema(Schema):
    """Who is proposed for a case."""

    units = fields.List(fields.Nested(UnitProposalSchema))
    collectors = fields.List(fields.Nested(CollectorProposalSchema))


class DeterminationSchema(Schema):
    """Who is responsible for a disputed case; ``remember`` writes it into the matrix."""

    lead_squad_id = fields.UUID(required=True)
    basis = fields.String(required=True, validate=_REASON)
    assisting = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=10))
    remember = fields.Boolean(load_default=True)


class TaskOrderSchema(Schema):
    """A revisit of a closed case, or a patrol, for a squad or an officer."""

    kind = fields.String(required=True, validate=validate.OneOf(["revisit", "patrol"]))
    squad_id = fields.UUID(load_default=None, allow_none=True)
    officer_id = fields.UUID(load_default=None, allow_none=True)
    case_id = fields.UUID(load_default=None, allow_none=True)
    instructions = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=MOST_REASON))
    due_at = fields.AwareDateTime(load_default=None, allow_none=True)
    grid_code = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=32))


class ReassignSchema(Schema):
    """To whom an open task goes, and why; the reason reaches the old handset."""

    squad_id = fields.UUID(load_default=None, allow_none=True)
    officer_id = fields.UUID(load_default=None, allow_none=True)
    reason = fields.String(required=True, validate=_REASON)


class WithdrawSchema(Schema):
    """Why a task is taken back."""

    reason = fields.String(required=True, validate=_REASON)


class DeskTaskSchema(Schema):
    """A field task in the desk's list."""

    id = fields.UUID()
    kind = fields.String()
    status = fields.String()
    case_id = fields.UUID(allow_none=True)
    case_no = fields.String(allow_none=True)
    squad_id = fields.UUID(allow_none=True)
    officer_id = fields.UUID(allow_none=True)
    accepted_by = fields.UUID(allow_none=True)
    assignment_no = fields.Integer()
    instructions = fields.String(allow_none=True)
    grid_code = fields.String(allow_none=True)
    assigned_at = Instant()
    due_at = Instant(allow_none=True)


class DeskTaskListSchema(Schema):
    """A page of field tasks; ``next`` is the cursor of the following one, null at the end."""

    items = fields.List(fields.Nested(DeskTaskSchema))
    next = fields.String(allow_none=True)


class TaskQuerySchema(Schema):
    """Which tasks to list."""

    class Meta:
        """The paging arguments are read elsewhere."""

        unknown = EXCLUDE

    kind = fields.String(load_default=None)
    status = fields.String(load_default=None)
