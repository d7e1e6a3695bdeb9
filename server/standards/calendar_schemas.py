"""Wire shapes of the working calendar."""

from marshmallow import Schema, fields, validate

from server.standards.calendar_rules import LONGEST_NAME

_POLICIES = ("hours", "end_of_day")
_AGENCY = {"description": "The own agency if left out."}
_PERIODS = {"description": "Hours of a working day, such as 08:00-12:00; 24:00 ends one at midnight."}


class AgencyQuerySchema(Schema):
    """Whose calendar."""

    agency_id = fields.UUID(load_default=None, metadata=_AGENCY)


class MonthQuerySchema(AgencyQuerySchema):
    """Whose calendar, and which month."""

    month = fields.Date(format="%Y-%m", required=True, metadata={"example": "2026-02"})


class DayRowSchema(Schema):
    """A day; ``decided_by`` is week, state (the State Council's notice) or agency, then ``agency_id`` tells which."""

    day = fields.Date()
    workday = fields.Boolean()
    decided_by = fields.String()
    name = fields.String()
    agency_id = fields.UUID(allow_none=True)


class MonthSchema(Schema):
    """A month; ``holidays_known`` is false for a year whose holidays nobody has told yet: only weekends are free."""

    agency_id = fields.UUID()
    holidays_known = fields.Boolean()
    days = fields.List(fields.Nested(DayRowSchema))


class NewDaySchema(Schema):
    """What an agency says of a day."""

    agency_id = fields.UUID(load_default=None, metadata=_AGENCY)
    workday = fields.Boolean(required=True)
    name = fields.String(load_default="", validate=validate.Length(max=LONGEST_NAME))


class HoursSchema(Schema):
    """Hours from a day on; ``work_day_policy`` hours: a work day is a day's work time; end_of_day: it ends with one."""

    agency_id = fields.UUID()
    agency_name = fields.String()
    valid_from = fields.Date()
    periods = fields.List(fields.String(), metadata=_PERIODS)
    work_day_policy = fields.String()


class HoursListSchema(Schema):
    """All hours that were set for an agency, its own first; none: 08:00-12:00 and 14:00-18:00, policy hours."""

    schedules = fields.List(fields.Nested(HoursSchema))


class NewHoursSchema(Schema):
    """Hours that an agency sets."""

    agency_id = fields.UUID(load_default=None, metadata=_AGENCY)
    periods = fields.List(fields.String(validate=validate.Length(max=16)), required=True, metadata=_PERIODS)
    work_day_policy = fields.String(load_default="hours", validate=validate.OneOf(_POLICIES))


class BadRowSchema(Schema):
    """A row that was not taken."""

    row = fields.Integer()
    column = fields.String()
    reason = fields.String()


class ImportReportSchema(Schema):
    """What an import did: days read, days that are other than before, rows that were not taken."""

    read = fields.Integer()
    changed = fields.Integer()
    bad_rows = fields.List(fields.Nested(BadRowSchema))
