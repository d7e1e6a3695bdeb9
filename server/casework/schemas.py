"""Wire shapes of casework."""

from typing import Any

from marshmallow import EXCLUDE, Schema, fields, validate

from server.casework.care_schemas import HoldSchema
from server.casework.rules import DESK_ACTIONS, State
from server.evidence.schemas import EvidenceSchema
from server.identity.schemas import Instant


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


class CaseSchema(Schema):
    """A case in a list or after an action."""

    id = fields.UUID()
    case_no = fields.String(allow_none=True)
    state = fields.String(validate=validate.OneOf([one.value for one in State]))
    category = Part(CategorySchema)
    standard_version = fields.String(allow_none=True)
    description = fields.String()
    position = Part(PositionSchema)
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
    check_result = fields.String(allow_none=True)
    version = fields.String()
    evidence_expected = fields.Integer()
    evidence_present = fields.Integer()


class TimelineEntrySchema(Schema):
    """One line of a timeline; ``result`` is that of a check."""

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


class RoundSchema(Schema):
    """One assignment of a task."""

    assignment_no = fields.Integer()
    squad_id = fields.UUID(allow_none=True)
    officer_id = fields.UUID(allow_none=True)
    assigned_at = Instant()
    assigned_by = fields.UUID()


class TaskSchema(Schema):
    """A field task with all its rounds; the members outside ``rounds`` are those of the current one."""

    task_id = fields.UUID()
    task_kind = fields.String()
    assignment_no = fields.Integer()
    status = fields.String()
    squad_id = fields.UUID(allow_none=True)
    officer_id = fields.UUID(allow_none=True)
    assigned_at = Instant()
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


class ActionSchema(Schema):
    """POST /cases/{id}/actions; ``version`` is the one the desk saw."""

    action = fields.String(required=True, validate=validate.OneOf([one.value for one in DESK_ACTIONS]))
    version = fields.String(load_default=None, allow_none=True)
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=500))
    squad_id = fields.UUID(load_default=None, allow_none=True)
