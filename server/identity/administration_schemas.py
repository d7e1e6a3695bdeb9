"""Wire shapes of the agency tree, of accounts and their roles, of the second factor and the audit log."""

import re

from marshmallow import EXCLUDE, Schema, fields, validate

from server.identity.rules import AgencyKind, Role
from server.identity.schemas import Instant, line, one_line

_CODE = fields.String(required=True, validate=validate.Length(min=1, max=32), load_only=True)
_PASSWORD = fields.String(required=True, validate=validate.Length(min=1, max=256), load_only=True)
_WORD = re.compile(r"[a-z0-9_]{1,48}")


class AgencySchema(Schema):
    """A node of the tree; ``path`` holds the codes from the top down."""

    id = fields.UUID()
    parent_id = fields.UUID(allow_none=True)
    code = fields.String()
    name = fields.String()
    kind = fields.String()
    path = fields.String()


class AgencyListSchema(Schema):
    """All agencies of the actor's scope, each before those below it."""

    agencies = fields.List(fields.Nested(AgencySchema))


class NewAgencySchema(Schema):
    """POST /agencies."""

    parent_id = fields.UUID(required=True)
    code = line(16)
    name = line(64)
    kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in AgencyKind]))


class NameSchema(Schema):
    """PATCH of what has a name: an agency, a squad."""

    name = line(64)


class NewSquadSchema(Schema):
    """POST /squads."""

    agency_id = fields.UUID(required=True)
    name = line(64)


class IdSchema(Schema):
    """The id of what was made."""

    id = fields.UUID()


class OfficerFactsSchema(Schema):
    """PUT /officers/{id}: everything that an administrator says of a person."""

    name = line(64)
    agency_id = fields.UUID(required=True)
    squad_id = fields.UUID(load_default=None, allow_none=True)
    certificate_no = fields.String(
        load_default=None, allow_none=True, validate=[validate.Length(min=1, max=32), one_line]
    )


class NewOfficerSchema(OfficerFactsSchema):
    """POST /officers."""

    login = line(64)


class GrantSchema(Schema):
    """A role at an agency."""

    role = fields.String(required=True, validate=validate.OneOf([role.value for role in Role]))
    agency_id = fields.UUID(required=True)
    agency_name = fields.String(dump_only=True)


class OfficerCardSchema(Schema):
    """One officer with roles and account."""

    id = fields.UUID()
    login = fields.String()
    name = fields.String()
    certificate_no = fields.String(allow_none=True)
    agency_id = fields.UUID()
    agency_name = fields.String()
    squad_id = fields.UUID(allow_none=True)
    squad_name = fields.String(allow_none=True)
    active = fields.Boolean()
    must_change_password = fields.Boolean()
    second_factor_at = Instant(allow_none=True)
    grants = fields.List(fields.Nested(GrantSchema))


class OwnPasswordSchema(Schema):
    """POST /account/second-factor."""

    current_password = _PASSWORD


class FreshFactorSchema(Schema):
    """A secret that waits for its first code, shown this once."""

    secret = fields.String()
    uri = fields.String()


class CodeSchema(Schema):
    """POST /account/second-factor/confirm."""

    code = _CODE


class RemoveFactorSchema(Schema):
    """POST /account/second-factor/remove."""

    current_password = _PASSWORD
    code = _CODE


class RecoveryCodesSchema(Schema):
    """Ten codes that each stand in once for a code of the authenticator; shown this once."""

    recovery_codes = fields.List(fields.String())


class AuditQuerySchema(Schema):
    """Filters of the audit log; ``after`` and ``limit`` are read by paging."""

    class Meta:
        unknown = EXCLUDE

    action = fields.String(load_default=None, validate=validate.Regexp(_WORD))
    actor_id = fields.UUID(load_default=None)
    agency_id = fields.UUID(load_default=None)
    subject_kind = fields.String(load_default=None, validate=validate.Regexp(_WORD))
    subject_id = fields.String(load_default=None, validate=[validate.Length(max=96), one_line])
    since = Instant(load_default=None)
    until = Instant(load_default=None)


class AuditEntrySchema(Schema):
    """One entry of the audit log; names are those of today."""

    id = fields.UUID()
    at = Instant()
    agency_id = fields.UUID(allow_none=True)
    agency_name = fields.String(allow_none=True)
    actor_id = fields.UUID(allow_none=True)
    actor_login = fields.String(allow_none=True)
    actor_name = fields.String(allow_none=True)
    action = fields.String()
    subject_kind = fields.String()
    subject_id = fields.String()
    address = fields.String(allow_none=True)
    facts = fields.Dict()


class AuditPageSchema(Schema):
    """A page of entries, newest first; ``next`` is the ``after`` of the following page."""

    entries = fields.List(fields.Nested(AuditEntrySchema), attribute="items")
    next = fields.String(allow_none=True)
