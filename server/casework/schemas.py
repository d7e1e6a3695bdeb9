"""Wire shapes of casework."""

from typing import Any

from marshmallow import EXCLUDE, Schema, fields, validate

from server.casework.care_schemas import HoldSchema
from server.casework.rules import DESK_ACTIONS, State
from server.casework.sources import SOURCES
from server.evidence.schemas import EvidenceSchema
from server.geography.crs import Crs
from server.identity.schemas import Instant
from sync.uuid7 import uuid7


class Part(fields.Nested):
    """A nested object whose members stand side by side with the others in our record."""

    def get_value(self, obj: Any, attr: str, accessor: Any = None, default: Any = None) -> Any:  # noqa: ANN401, ARG002 (marshmallow's signature)
        """Return the record itself."""
        return obj


class CategorySchema(Schema):
    """A category; ``name`` is null for a code that no loaded scheme knows."""

    scheme = fields.String()
    code = fields.String(attribute="category_code")
    name = fields.String(attribute="category_name", allow_none=True)
    name_en = fields.String(attribute="category_name_en", allow_none=True)


class PositionSchema(Schema):
    """A point in degrees as received, with the coordinate system that the handset declared."""

    lon = fields.Float()
    lat = fields.Float()
    crs = fields.String()
    accuracy_m = fields.Float(allow_none=True)


class DueSchema(Schema):
    """The clock that ends first; ``due_at`` is null while it is held."""

    stage = fields.String()
    due_at = Instant(allow_none=True)
    overdue = fields.Boolean()


class PauseSchema(Schema):
    """A time that does not count for a clock."""

    begun_at = Instant()
    ended_at = Instant(allow_none=True)
    why = fields.String()


class ClockSchema(Schema):
    """A clock of a case; ``left`` and ``amount`` are in units of ``clock``, negative is over."""

    id = fields.UUID()
    stage = fields.String()
    round = fields.Integer()
    clock = fields.String()
    amount = fields.Decimal(as_string=True)
    wording = fields.String()
    started_at = Instant()
    stopped_at = Instant(allow_none=True)
    due_at = Instant(allow_none=True)
    left = fields.Decimal(places=3, as_string=True)
    late = fields.Boolean(allow_none=True)
    extensions = fields.Integer()
    exempted_at = Instant(allow_none=True)
    pauses = fields.List(fields.Nested(PauseSchema))


class CaseSchema(Schema):
    """A case in a list or after an action."""

    id = fields.UUID()
    case_no = fields.String(allow_none=True)
    state = fields.String(validate=validate.OneOf([one.value for one in State]))
    category = Part(CategorySchema)
    standard_version = fields.String(allow_none=True)
    condition_no = fields.Integer(allow_none=True)
    description = fields.String()
    address = fields.String(allow_none=True)
    position = Part(PositionSchema)
    area_code = fields.String(allow_none=True)
    cell_code = fields.String(allow_none=True)
    responsibility_code = fields.String(allow_none=True)
    agency_id = fields.UUID()
    squad_id = fields.UUID(allow_none=True)
    reporter_id = fields.UUID()
    source = fields.String()
    captured_at = Instant(allow_none=True)
    captured_at_corrected = Instant(allow_none=True)
    reported_at = Instant()
    filed_at = Instant(allow_none=True)
    dispatched_at = Instant(allow_none=True)
    disposed_at = Instant(allow_none=True)
    closed_at = Instant(allow_none=True)
    verification_result = fields.String(allow_none=True)
    check_result = fields.String(allow_none=True)
    merged_into_id = fields.UUID(allow_none=True)
    return_count = fields.Integer()
    rework_count = fields.Integer()
    extension_count = fields.Integer()
    due = fields.Nested(DueSchema, allow_none=True)
    version = fields.String()
    evidence_expected = fields.Integer()
    evidence_present = fields.Integer()


class TimelineEntrySchema(Schema):
    """One line of a timeline; ``result`` is what a look found, ``facts`` what the action was about."""

    id = fields.UUID()
    at = Instant()
    action = fields.String()
    state_before = fields.String(allow_none=True)
    state_after = fields.String()
    actor_id = fields.UUID(allow_none=True)
    install_id = fields.UUID(allow_none=True)
    item_id = fields.UUID(allow_none=True)
    captured_at_corrected = Instant(allow_none=True)
    reason = fields.String(allow_none=True)
    result = fields.String(allow_none=True)
    facts = fields.Dict()


class RoundSchema(Schema):
    """One assignment of a task."""

    assignment_no = fields.Integer()
    squad_id = fields.UUID(allow_none=True)
    officer_id = fields.UUID(allow_none=True)
    assigned_at = Instant()
    assigned_by = fields.UUID()
    reason = fields.String(allow_none=True)


class TaskSchema(Schema):
    """A field task with all its rounds; the members outside ``rounds`` are those of the current one."""

    task_id = fields.UUID()
    task_kind = fields.String()
    assignment_no = fields.Integer()
    status = fields.String()
    squad_id = fields.UUID(allow_none=True)
    officer_id = fields.UUID(allow_none=True)
    assigned_at = Instant()
    accepted_by = fields.UUID(allow_none=True)
    instructions = fields.String(allow_none=True)
    due_at = Instant(allow_none=True)
    grid_code = fields.String(allow_none=True)
    version = fields.String()
    rounds = fields.List(fields.Nested(RoundSchema))


class AmendmentSchema(Schema):
    """A correction from the field; ``changes`` has any of description, category, position, as the officer sent them."""

    item_id = fields.UUID()
    target_item_id = fields.UUID()
    officer_id = fields.UUID()
    install_id = fields.UUID()
    changes = fields.Dict()
    reason = fields.String(allow_none=True)
    divergent = fields.Boolean()
    effective = fields.Boolean()
    captured_at_corrected = Instant(allow_none=True)
    received_at = Instant()


class MissingShotSchema(Schema):
    """A declared photograph on its way: its hash, and the handset that holds it."""

    sha256 = fields.String()
    install_id = fields.UUID()


class ShotStandingSchema(Schema):
    """How a required photograph stands: ``count`` needed, ``lacking`` not even declared."""

    stage = fields.String()
    role = fields.String()
    count = fields.Integer()
    present = fields.Integer()
    lacking = fields.Integer()
    complete = fields.Boolean()
    missing = fields.List(fields.Nested(MissingShotSchema))


class CasePageSchema(CaseSchema):
    """A case with everything that belongs to it; ``actions`` are those its state allows."""

    checklist = fields.List(fields.Nested(ShotStandingSchema))
    clocks = fields.List(fields.Nested(ClockSchema))
    holds = fields.List(fields.Nested(HoldSchema))
    timeline = fields.List(fields.Nested(TimelineEntrySchema))
    evidence = fields.List(fields.Nested(EvidenceSchema))
    tasks = fields.List(fields.Nested(TaskSchema))
    amendments = fields.List(fields.Nested(AmendmentSchema))
    actions = fields.List(fields.String())


class CaseListSchema(Schema):
    """A page of cases, newest first; ``next`` is the ``after`` of the following page."""

    cases = fields.List(fields.Nested(CaseSchema), attribute="items")
    next = fields.String(allow_none=True)


class CaseQuerySchema(Schema):
    """Filters of GET /cases; ``after`` and ``limit`` are read by paging."""

    class Meta:
        unknown = EXCLUDE

    state = fields.String(load_default=None, validate=validate.OneOf([one.value for one in State]))
    q = fields.String(load_default="")


class PlaceSchema(Schema):
    """Where a case is, as whoever registers it knows it."""

    lon = fields.Float(required=True, validate=validate.Range(-180, 180))
    lat = fields.Float(required=True, validate=validate.Range(-90, 90))
    crs = fields.String(required=True, validate=validate.OneOf([one.value for one in Crs]))


class NamedClassSchema(Schema):
    """A class of a scheme."""

    scheme = fields.String(required=True, validate=validate.Length(1, 32))
    code = fields.String(required=True, validate=validate.Length(1, 16))


class RegistrationSchema(Schema):
    """POST /cases; ``id`` is chosen by the client: sent twice, one case is registered."""

    id = fields.UUID(load_default=uuid7)
    source = fields.String(required=True, validate=validate.OneOf(SOURCES))
    category = fields.Nested(NamedClassSchema, required=True)
    description = fields.String(required=True, validate=validate.Length(1, 2000))
    position = fields.Nested(PlaceSchema, required=True)
    address = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))
    seen_at = fields.AwareDateTime(load_default=None, allow_none=True)
    agency_id = fields.UUID(load_default=None, allow_none=True)


class ActionSchema(Schema):
    """POST /cases/{id}/actions; ``version`` is the one the desk saw.

    ``squad_id`` for dispatch and redo; ``officer_id`` (null: the reporter) for verify and send_check;
    ``condition_no`` for file.
    """

    action = fields.String(required=True, validate=validate.OneOf([one.value for one in DESK_ACTIONS]))
    version = fields.String(load_default=None, allow_none=True)
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=500))
    squad_id = fields.UUID(load_default=None, allow_none=True)
    officer_id = fields.UUID(load_default=None, allow_none=True)
    condition_no = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 10_000))
    instructions = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=500))
