"""Wire shapes of the item kinds' payloads, version 1.

Unknown members are ignored: an older server meets newer handsets.
"""

from collections.abc import Callable
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

MOST_PHOTOS = 100
# PostgreSQL cannot keep NUL in a text, and a lone surrogate has no UTF-8: name the field instead of failing later.
_UNSTORABLE = "Holds a NUL or a lone surrogate, which is no text."


def _storable(text: str) -> None:
    if "\0" in text or any(0xD800 <= ord(letter) < 0xE000 for letter in text):  # noqa: PLR2004 (Unicode's surrogate range)
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
    crs = fields.String(required=True, validate=validate.OneOf(["wgs84", "cgcs2000", "gcj02", "bd09"]))
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


def _photos() -> fields.List[Any]:
    return fields.List(fields.Nested(PhotoShape), load_default=list, validate=validate.Length(max=MOST_PHOTOS))


class ReportShape(Payload):
    """Kind ``report``: an officer found a problem."""

    category = fields.Nested(CategoryShape, required=True)
    description = _text(4000, load_default="")
    position = fields.Nested(PositionShape, required=True)
    photos = _photos()


class TaskEventShape(Payload):
    """Kind ``task_event``: an officer's word on a task, for the assignment it was made under."""

    task_id = fields.UUID(required=True)
    assignment_no = fields.Integer(required=True, validate=validate.Range(1, 2**31 - 1))
    event = fields.String(required=True, validate=validate.OneOf(["accepted", "started", "done", "declined"]))
    note = _text(2000, load_default=None, allow_none=True)
    result = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(["passed", "failed"]))
    photos = _photos()


# Loaded once: building a schema costs more than using it.
REPORT = ReportShape()
TASK_EVENT = TaskEventShape()
