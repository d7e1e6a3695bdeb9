"""Wire shapes of standards for the desk."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from server.standards.rules import ALL_CLASSES, MOST_OF_A_SHOT, ROLES, STAGES, Shot

_MOST_SHOTS = len(STAGES) * len(ROLES)


class ShotSchema(Schema):
    """``count`` photographs of a role at a stage."""

    stage = fields.String(required=True, validate=validate.OneOf(STAGES))
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    count = fields.Integer(required=True, validate=validate.Range(1, MOST_OF_A_SHOT))

    @post_load
    def _shot(self, told: dict[str, Any], **_more: object) -> Shot:
        return Shot(**told)


def _name(longest: int) -> fields.String:
    return fields.String(required=True, validate=validate.Length(min=1, max=longest))


class ClassShotsSchema(Schema):
    """The required photographs of one class of a scheme version; ``code`` empty: every class without its own."""

    scheme = _name(32)
    version = _name(32)
    code = fields.String(load_default=ALL_CLASSES, validate=validate.Length(max=16))
    shots = fields.List(fields.Nested(ShotSchema), required=True, validate=validate.Length(max=_MOST_SHOTS))


class RequiredShotsSchema(Schema):
    """All that is required, by class; what no row names demands the usual."""

    classes = fields.List(fields.Nested(ClassShotsSchema))
