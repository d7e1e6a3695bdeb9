"""Wire shapes of what a desk says about one photograph: its partner, a flag, redactions."""

from typing import Any

from marshmallow import Schema, fields, validate

from server.evidence.reasons import MOST_REASON
from server.identity.schemas import Instant

_REGION_NUMBERS = 4
MOST_REGIONS = 50


def _reason() -> fields.String:
    return fields.String(required=True, validate=validate.Length(min=1, max=MOST_REASON))


class PairSchema(Schema):
    """PUT /evidence/{id}/before; null: it answers no photograph. ``version`` is the one the reviewer saw."""

    before_id = fields.UUID(required=True, allow_none=True)
    version = fields.String(load_default=None, allow_none=True)


class FlagReasonSchema(Schema):
    """PUT /evidence/{id}/flag."""

    reason = _reason()


class RedactionSchema(Schema):
    """A redaction; ``made``: its picture exists. The newest counts; one without regions takes the former back."""

    id = fields.UUID()
    regions = fields.List(fields.List(fields.Float()))
    reason = fields.String()
    officer_id = fields.UUID()
    at = Instant()
    made = fields.Function(lambda row: row.made_recipe is not None, metadata={"type": "boolean"})
    error = fields.String(allow_none=True)


class RedactionListSchema(Schema):
    """All redactions of a photograph, the newest first."""

    redactions = fields.List(fields.Nested(RedactionSchema))


def _region() -> fields.List[Any]:
    number = fields.Float(validate=validate.Range(0, 1))
    return fields.List(number, validate=validate.Length(equal=_REGION_NUMBERS))


class RedactSchema(Schema):
    """POST /evidence/{id}/redactions; ``seen``: the newest redaction that the officer saw, null for none."""

    regions = fields.List(_region(), required=True, validate=validate.Length(max=MOST_REGIONS))
    reason = _reason()
    seen = fields.UUID(load_default=None, allow_none=True)
