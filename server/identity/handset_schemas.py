"""Wire shapes of a handset's enrolment, session, shift and credential (docs/protocol.md section 3).

Requests may say more than is known here: a newer app does.
"""

from datetime import datetime

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from server.identity.schemas import Instant, line, one_line
from server.problems import _

_ALGORITHM = "ES256"


def _moment(text: str) -> None:
    """Demand an instant with its zone; kept as text, because the signature is over the text."""
    try:
        zoned = text.isascii() and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        zoned = False
    if not zoned:
        raise ValidationError(_("Must be a time in ISO 8601 with its zone."))


def _code() -> fields.String:
    return fields.String(required=True, validate=validate.Length(max=64))


class AskedSchema(Schema):
    """What every request of a handset has in common."""

    class Meta:
        unknown = EXCLUDE


class PublicKeySchema(AskedSchema):
    """A handset's public key: base64url of its SubjectPublicKeyInfo."""

    alg = fields.String(required=True)
    key = fields.String(required=True, validate=validate.Length(max=512))


class SignatureSchema(AskedSchema):
    """A signature: base64url of r and s, 64 bytes."""

    alg = fields.String(required=True, validate=validate.Equal(_ALGORITHM))
    value = fields.String(required=True, validate=validate.Length(max=128))


class EnrolSchema(AskedSchema):
    """POST /enrol; the ids only from a handset that was enrolled before."""

    code = _code()
    public_key = fields.Nested(PublicKeySchema, required=True)
    install_id = fields.UUID(load_default=None, allow_none=True)
    officer_id = fields.UUID(load_default=None, allow_none=True)
    label = line(64)
    app = line(64)


class PresenceSchema(AskedSchema):
    """POST /sync/session."""

    officer_id = fields.UUID(required=True)
    at = fields.String(required=True, validate=[validate.Length(max=64), _moment])
    nonce = fields.String(required=True, validate=[validate.Length(min=16, max=128), one_line])
    sig = fields.Nested(SignatureSchema, required=True)


class ShiftSchema(AskedSchema):
    """POST /sync/shift."""

    code = _code()
    public_key = fields.Nested(PublicKeySchema, required=True)
    officer_id = fields.UUID(load_default=None, allow_none=True)
    at = fields.String(load_default=None, allow_none=True, validate=[validate.Length(max=64), _moment])


class NextCredentialSchema(AskedSchema):
    """POST /sync/credential."""

    next_sha256 = fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))


class AnswerSchema(Schema):
    """What every answer to a handset carries."""

    protocol = fields.Integer()
    epoch = fields.String()
    server_time = Instant()


class BearerSchema(Schema):
    """The officer for whom a handset works."""

    id = fields.UUID()
    name = fields.String()
    agency_id = fields.UUID()
    squad_id = fields.UUID(allow_none=True)
    roles = fields.List(fields.String())


class EnrolledSchema(AnswerSchema):
    """Answer of an enrolment: the handset's credential and what this server speaks and takes."""

    install_id = fields.UUID(attribute="enrolled.install_id")
    credential = fields.String(attribute="enrolled.credential")
    officer = fields.Nested(BearerSchema, attribute="enrolled.officer")
    session_until = Instant(attribute="enrolled.session_until")
    limits = fields.Dict(keys=fields.String(), values=fields.Integer())


class OnShiftSchema(AnswerSchema):
    """Answer of a session or a shift: who is on shift, and until when that officer may pull."""

    officer = fields.Nested(BearerSchema, attribute="on_shift.officer")
    session_until = Instant(attribute="on_shift.session_until")


class AcceptedSchema(AnswerSchema):
    """Answer to the name of the next credential."""

    accepted = fields.Boolean()
