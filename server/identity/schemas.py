"""Wire shapes of identity for the desk; requests refuse unknown members. The handset's are in handset_schemas.py."""

from datetime import datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from server.clock import stamp
from server.identity.rules import Role


class Instant(fields.AwareDateTime):
    """An instant as the wire writes it: ``2026-11-22T00:31:02.120Z``."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: object, **kwargs: Any) -> str | None:  # noqa: ANN401, ARG002 (marshmallow's signature)
        return None if value is None else stamp(value)


def one_line(text: str) -> None:
    """Demand one line of printable characters."""
    # Databases refuse NUL and half surrogate pairs; other control characters would forge lines in lists.
    if not text.isprintable():
        raise ValidationError("Must be one line of printable characters.")


def line(longest: int) -> fields.String:
    """Return a required field of one line, 1 to ``longest`` characters."""
    return fields.String(required=True, validate=[validate.Length(min=1, max=longest), one_line])


def _secret() -> fields.String:
    return fields.String(required=True, validate=validate.Length(min=1, max=256), load_only=True)


class SignInSchema(Schema):
    """POST /sessions."""

    login = line(64)
    password = _secret()
    code = fields.String(load_default=None, validate=validate.Length(min=1, max=32), load_only=True)


class ChangePasswordSchema(Schema):
    """POST /account/password."""

    current_password = _secret()
    new_password = _secret()


class ActorSchema(Schema):
    """The officer who signed in."""

    id = fields.UUID(attribute="officer_id")
    login = fields.String()
    name = fields.String()
    agency_id = fields.UUID()
    squad_id = fields.UUID(allow_none=True)
    roles = fields.List(fields.String())


class SessionSchema(Schema):
    """An open desk session."""

    token = fields.String()
    expires_at = Instant()
    must_change_password = fields.Boolean(attribute="actor.must_change_password")
    must_set_up_totp = fields.Boolean()
    officer = fields.Nested(ActorSchema, attribute="actor")


class OfficerQuerySchema(Schema):
    """Filters of GET /officers; ``after`` and ``limit`` are read by paging."""

    class Meta:
        unknown = EXCLUDE

    role = fields.String(load_default=None, validate=validate.OneOf([role.value for role in Role]))


class OfficerSchema(Schema):
    """An officer in a list."""

    id = fields.UUID()
    login = fields.String()
    name = fields.String()
    agency_id = fields.UUID()
    squad_id = fields.UUID(allow_none=True)
    roles = fields.List(fields.String())
    active = fields.Boolean()


class OfficerPageSchema(Schema):
    """A page of officers; ``next`` is the ``after`` of the following page."""

    officers = fields.List(fields.Nested(OfficerSchema))
    next = fields.String(allow_none=True)


class SquadSchema(Schema):
    """A squad."""

    id = fields.UUID()
    name = fields.String()
    agency_id = fields.UUID()


class SquadListSchema(Schema):
    """All squads in the actor's agencies."""

    squads = fields.List(fields.Nested(SquadSchema))


class TemporaryPasswordSchema(Schema):
    """Answer of a reset; the password is shown this once."""

    officer_id = fields.UUID()
    login = fields.String()
    password = fields.String()


class NewCodeSchema(Schema):
    """POST /enrolment-codes."""

    officer_id = fields.UUID(required=True)


class IssuedCodeSchema(Schema):
    """A fresh enrolment code, shown this once."""

    code = fields.String()
    link = fields.String()
    expires_at = Instant()
    officer_id = fields.UUID()


class HandsetSchema(Schema):
    """An install with what it last said of itself."""

    id = fields.UUID()
    label = fields.String()
    app = fields.String()
    officer_id = fields.UUID()
    officer_name = fields.String()
    agency_id = fields.UUID()
    enrolled_at = Instant()
    revoked_at = Instant(allow_none=True)
    grace_until = Instant(allow_none=True)
    session_until = Instant(allow_none=True)
    seen_at = Instant(allow_none=True)
    unsent_items = fields.Integer(allow_none=True)
    unsent_photos = fields.Integer(allow_none=True)
    free_mb = fields.Integer(allow_none=True)
    clock_offset_ms = fields.Integer(allow_none=True)


class HandsetPageSchema(Schema):
    """A page of installs, newest first; ``next`` is the ``after`` of the following page."""

    handsets = fields.List(fields.Nested(HandsetSchema))
    next = fields.String(allow_none=True)
