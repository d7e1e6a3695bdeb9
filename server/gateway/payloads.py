"""Wire shapes of the item kinds' payloads, version 1.

Unknown members are ignored: an older server meets newer handsets.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates, validates_schema

MOST_PHOTOS = 100
MOST_POINTS = 120
# What every client's numbers hold exactly; larger ones have no place in a clock or a table.
_MOST_EXACT = 2**53 - 1
CRS = ("wgs84", "cgcs2000", "gcj02", "bd09")
# PostgreSQL cannot keep NUL in a text, and a lone surrogate has no UTF-8: name the field instead of failing later.
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_UNSTORABLE = "Holds a NUL or a lone surrogate, which is no text."


def _storable(text: str) -> None:
    if _NO_TEXT.search(text):
        raise ValidationError(_UNSTORABLE)


def _text(most: int, *, required: bool = False, **options: Any) -> fields.String:  # noqa: ANN401 (marshmallow's options)
    rules: list[Callable[[str], object]] = [validate.Length(min=1 if required else 0, max=most), _storable]
    return fields.String(required=required, validate=rules, **options)


class Payload(Schema):
    """Base of all payload shapes."""

    class Meta:
        """Newer handsets may send more than this server knows."""

        unknown = EXCLUDE


class CategoryShape(Payload):
    """A bare code is meaningless without its scheme (domain.md, finding 6)."""

    scheme = _text(32, required=True)
    code = _text(16, required=True)


class PositionShape(Payload):
    """A point as the handset has it, in the coordinate system that it names."""

    lon = fields.Float(required=True, validate=validate.Range(-180, 180))
    lat = fields.Float(required=True, validate=validate.Range(-90, 90))
    crs = fields.String(required=True, validate=validate.OneOf(CRS))
    accuracy_m = fields.Float(load_default=None, allow_none=True, validate=validate.Range(0, 1e6))
    provider = _text(16, load_default=None, allow_none=True)
    mock = fields.Boolean(load_default=None, allow_none=True)


class PhotoShape(Payload):
    """A declared photograph; its bytes travel by /uploads, before or after this."""

    role = fields.String(
        required=True, validate=validate.OneOf(["near", "far", "reference", "before", "after", "check"])
    )
    sha256 = fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))
    size = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 2**40))
    media_type = _text(64, load_default=None, allow_none=True)
    source = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(["camera", "gallery"]))


def _photos(*, least: int = 0) -> fields.List[Any]:
    several = validate.Length(min=least, max=MOST_PHOTOS)
    if least:
        return fields.List(fields.Nested(PhotoShape), required=True, validate=several)
    return fields.List(fields.Nested(PhotoShape), load_default=list, validate=several)


class PriorShape(Payload):
    """The case that an earlier report of the same thing had opened, as the handset remembers it."""

    case_id = fields.UUID(load_default=None, allow_none=True)
    case_no = _text(32, load_default=None, allow_none=True)


class ReportShape(Payload):
    """Kind ``report``: an officer found a problem."""

    category = fields.Nested(CategoryShape, required=True)
    description = _text(4000, load_default="")
    position = fields.Nested(PositionShape, required=True)
    photos = _photos()
    prior = fields.Nested(PriorShape, load_default=None, allow_none=True)


class SelfHandledShape(ReportShape):
    """Kind ``self_handled``: found and fixed on the spot, proven by photographs before and after."""

    measure = _text(2000, required=True)

    @validates("photos")
    def _both_sides(self, photos: list[dict[str, Any]], **_more: object) -> None:
        roles = {photo["role"] for photo in photos}
        missing = [role for role in ("before", "after") if role not in roles]
        if missing:
            told = f"Needs at least one photograph of each role before and after; {' and '.join(missing)} is missing."
            raise ValidationError(told)


# Of a check or a revisit; of a verification before filing.
_RESULTS = ("passed", "failed", "confirmed", "not_found")


class TaskEventShape(Payload):
    """Kind ``task_event``: an officer's word on a task, for the assignment it was made under."""

    task_id = fields.UUID(required=True)
    assignment_no = fields.Integer(required=True, validate=validate.Range(1, 2**31 - 1))
    event = fields.String(required=True, validate=validate.OneOf(["accepted", "started", "done", "declined"]))
    note = _text(2000, load_default=None, allow_none=True)
    result = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(["passed", "failed", "confirmed", "not_found"])
    )
    position = fields.Nested(PositionShape, load_default=None, allow_none=True)
    photos = _photos()


_EVIDENCE_TARGETS = ("case_id", "task_id", "item_id")


class EvidenceShape(Payload):
    """Kind ``evidence``: photographs for a case, a task, or an earlier report of this install."""

    case_id = fields.UUID(load_default=None, allow_none=True)
    task_id = fields.UUID(load_default=None, allow_none=True)
    item_id = fields.UUID(load_default=None, allow_none=True)
    note = _text(2000, load_default=None, allow_none=True)
    position = fields.Nested(PositionShape, load_default=None, allow_none=True)
    photos = _photos(least=1)

    @validates_schema
    def _one_target(self, data: Mapping[str, Any], **_more: object) -> None:
        named = [member for member in _EVIDENCE_TARGETS if data.get(member) is not None]
        if len(named) != 1:
            told = ["Name exactly one of case_id, task_id and item_id."]
            raise ValidationError(dict.fromkeys(named or _EVIDENCE_TARGETS, told))


class TargetShape(Payload):
    """An earlier item of this install: its id and its fingerprint."""

    id = fields.UUID(required=True)
    h = fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))


class ChangesShape(Payload):
    """What an amendment corrects: each member as the report itself has it."""

    description = _text(4000)
    category = fields.Nested(CategoryShape)
    position = fields.Nested(PositionShape)


class AmendShape(Payload):
    """Kind ``amend``: a later word on an earlier report, or on an earlier amendment of it."""

    target = fields.Nested(TargetShape, required=True)
    changes = fields.Nested(ChangesShape, required=True)
    reason = _text(2000, load_default=None, allow_none=True)

    @validates("changes")
    def _something(self, changes: Mapping[str, Any], **_more: object) -> None:
        if not changes:
            raise ValidationError("Needs at least one of description, category and position.")


class ShiftShape(Payload):
    """Kind ``shift``: an officer begins or ends work."""

    action = fields.String(required=True, validate=validate.OneOf(["in", "out"]))
    position = fields.Nested(PositionShape, load_default=None, allow_none=True)


class PointShape(Payload):
    """One point of a track, with the handset's clocks at that moment."""

    lon = fields.Float(required=True, validate=validate.Range(-180, 180))
    lat = fields.Float(required=True, validate=validate.Range(-90, 90))
    accuracy_m = fields.Float(load_default=None, allow_none=True, validate=validate.Range(0, 1e6))
    wall = _text(64, load_default=None, allow_none=True)
    mono_ms = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(0, _MOST_EXACT))


class TrackShape(Payload):
    """Kind ``track``: where an officer on shift went."""

    crs = fields.String(required=True, validate=validate.OneOf(CRS))
    points = fields.List(fields.Nested(PointShape), required=True, validate=validate.Length(min=1, max=MOST_POINTS))


# Loaded once: building a schema costs more than using it.
REPORT = ReportShape()
TASK_EVENT = TaskEventShape()
SELF_HANDLED = SelfHandledShape()
EVIDENCE = EvidenceShape()
AMEND = AmendShape()
SHIFT = ShiftShape()
TRACK = TrackShape()
