"""Wire shapes of the pool: photographs that no item has declared, and those that came as other bytes."""

from marshmallow import Schema, fields

from server.identity.schemas import Instant


class UnattachedPhotoSchema(Schema):
    """A photograph that no item has declared; ``state`` is waiting, condemned or deleting."""

    sha256 = fields.String()
    size = fields.Integer()
    media_type = fields.String()
    state = fields.String()
    received_at = Instant()
    since = Instant()
    age_days = fields.Integer()
    ends_after = Instant()
    install_id = fields.UUID(allow_none=True)
    handset = fields.String(allow_none=True)
    officer_id = fields.UUID(allow_none=True)
    officer = fields.String(allow_none=True)


class UnattachedPageSchema(Schema):
    """A page of the pool, the oldest first."""

    photos = fields.List(fields.Nested(UnattachedPhotoSchema), attribute="items")
    next = fields.String(allow_none=True)


class WaitingEvidenceSchema(Schema):
    """Evidence that waits for the declared hash."""

    evidence_id = fields.UUID()
    owner_kind = fields.String()
    owner_id = fields.UUID()
    item_id = fields.UUID()
    role = fields.String()


class MismatchedPhotoSchema(Schema):
    """Bytes kept under their true hash, which is not the declared one."""

    upload_id = fields.UUID()
    declared_sha256 = fields.String()
    sha256 = fields.String()
    size = fields.Integer()
    at = Instant()
    install_id = fields.UUID()
    handset = fields.String()
    officer_id = fields.UUID()
    officer = fields.String()
    waiting = fields.List(fields.Nested(WaitingEvidenceSchema))


class MismatchedPageSchema(Schema):
    """A page of them, the newest first."""

    photos = fields.List(fields.Nested(MismatchedPhotoSchema), attribute="items")
    next = fields.String(allow_none=True)
