"""Wire shapes of category schemes for the desk: versions, classes with conditions and limits, the import's report."""

from typing import Any

from marshmallow import Schema, fields, validate

from server.identity.schemas import Instant
from server.standards.rules import LimitStage
from server.standards.schemas import ShotSchema

_STAGE = fields.String(validate=validate.OneOf([stage.value for stage in LimitStage]))


class CategoryVersionSchema(Schema):
    """A loaded version; ``effective_from`` null: always. ``in_force``: cases are filed under it today."""

    scheme = fields.String()
    version = fields.String()
    status = fields.String()
    source = fields.String()
    confidence = fields.String()
    effective_from = fields.Date(allow_none=True)
    loaded_at = Instant()
    classes = fields.Integer()
    conditions = fields.Integer()
    in_force = fields.Boolean()


class CategoryVersionsSchema(Schema):
    """All versions, scheme by scheme, the newest first."""

    versions = fields.List(fields.Nested(CategoryVersionSchema))


class WrittenLimitSchema(Schema):
    """A limit by its clock and amount, and the wording it was read from."""

    clock = fields.String()
    amount = fields.String()
    wording = fields.String()


class _Limits(fields.Dict):
    """Limits by stage; a stage that is not named follows what stands above."""

    def __init__(self, **more: Any) -> None:  # noqa: ANN401 (marshmallow's)
        super().__init__(keys=_STAGE, values=fields.Nested(WrittenLimitSchema), **more)


class CaseConditionSchema(Schema):
    """When a case of the class is filed and closed, and who clears it away; ``season`` such as 02-15~04-15."""

    no = fields.Integer()
    filing_condition = fields.String()
    closing_condition = fields.String()
    disposing_unit = fields.String()
    supervising_unit = fields.String()
    legal_basis = fields.String()
    clause = fields.String()
    note = fields.String()
    season = fields.String(allow_none=True)
    limits = _Limits()


class CategoryClassSchema(Schema):
    """A minor class with everything that the version says of it itself."""

    code = fields.String()
    issue_kind = fields.String()
    major = fields.String()
    name = fields.String()
    major_en = fields.String()
    name_en = fields.String()
    conditions = fields.List(fields.Nested(CaseConditionSchema))
    limits = _Limits()
    shots = fields.List(fields.Nested(ShotSchema))


class CategoryClassesSchema(Schema):
    """Classes in the order of their codes; ``limits`` and ``shots`` are of every class that has none of its own."""

    classes = fields.List(fields.Nested(CategoryClassSchema))
    limits = _Limits()
    shots = fields.List(fields.Nested(ShotSchema))
    next = fields.String(allow_none=True)


class TableExportArgs(Schema):
    """In which form a version is written."""

    format = fields.String(load_default="xlsx", validate=validate.OneOf(["xlsx", "csv"]))


class TableImportArgs(Schema):
    """From which day cases are filed under the new version; ``dry_run`` only reports."""

    effective_from = fields.Date(required=True)
    dry_run = fields.Boolean(load_default=False)
    source = fields.String(load_default="", validate=validate.Length(max=200))


class BadTableCellSchema(Schema):
    """A cell for which its row was left out: where it stands, and why."""

    sheet = fields.String()
    row = fields.Integer()
    column = fields.String()
    heading = fields.String()
    reason = fields.String()


class TableReportSchema(Schema):
    """What became of a table: good rows go in, bad ones are named with every bad column."""

    dry_run = fields.Boolean()
    rows_read = fields.Integer()
    rows_stored = fields.Integer()
    bad_rows = fields.Integer()
    classes = fields.Integer()
    bad = fields.List(fields.Nested(BadTableCellSchema))
