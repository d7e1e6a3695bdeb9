"""Wire shapes of evidence."""

from marshmallow import EXCLUDE, Schema, fields, validate

from server.evidence.rules import Stage, Verdict
from server.identity.schemas import Instant


class PhotoSchema(Schema):
    """An original that is in the store; ``facts`` is what the file says of itself."""

    size = fields.Integer()
    media_type = fields.String()
    width = fields.Integer()
    height = fields.Integer()
    facts = fields.Dict()
    received_at = Instant()
    derived = fields.Function(lambda photo: photo.derived_recipe is not None, metadata={"type": "boolean"})


class FlagSchema(Schema):
    """Something a reviewer should look at, with its reasons; docs/flags.md has every kind."""

    kind = fields.String()
    facts = fields.Dict()


class EvidenceSchema(Schema):
    """A declared photograph; ``photo`` is null while its bytes are on their way."""

    id = fields.UUID()
    owner_kind = fields.String()
    owner_id = fields.UUID()
    task_id = fields.UUID(allow_none=True)
    item_id = fields.UUID()
    position = fields.Integer()
    sha256 = fields.String()
    stage = fields.String()
    role = fields.String()
    source = fields.String(allow_none=True)
    squad_id = fields.UUID(allow_none=True)
    officer_id = fields.UUID()
    install_id = fields.UUID()
    capacity = fields.String()
    captured_at = Instant(allow_none=True)
    captured_at_corrected = Instant(allow_none=True)
    certainty = fields.String(allow_none=True)
    lon = fields.Float(allow_none=True)
    lat = fields.Float(allow_none=True)
    accuracy_m = fields.Float(allow_none=True)
    expected_at = Instant()
    present_at = Instant(allow_none=True)
    review_state = fields.String()
    review_reason = fields.String(allow_none=True)
    reviewer_id = fields.UUID(allow_none=True)
    reviewed_at = Instant(allow_none=True)
    before_id = fields.UUID(allow_none=True)
    disposed_at = Instant(allow_none=True)
    version = fields.String()
    photo = fields.Nested(PhotoSchema, allow_none=True)
    flags = fields.List(fields.Nested(FlagSchema))


class EvidencePageSchema(Schema):
    """A page of evidence; ``next`` is the ``after`` of the following page."""

    evidence = fields.List(fields.Nested(EvidenceSchema), attribute="items")
    next = fields.String(allow_none=True)


class LookAlikeSchema(Schema):
    """Other evidence that looks the same; with ``elsewhere`` it is another agency's and only its distance is told."""

    kind = fields.String(metadata={"enum": ["same_picture", "similar_place"]})
    distance = fields.Integer(metadata={"description": "bits of 256 in which the two pictures differ"})
    same_file = fields.Boolean()
    elsewhere = fields.Boolean()
    evidence_id = fields.UUID(allow_none=True)
    owner_kind = fields.String(allow_none=True)
    owner_id = fields.UUID(allow_none=True)
    stage = fields.String(allow_none=True)
    role = fields.String(allow_none=True)


class LookAlikesSchema(Schema):
    """What looks like one photograph, nearest first."""

    alike = fields.List(fields.Nested(LookAlikeSchema))


class GalleryQuerySchema(Schema):
    """Filters of GET /evidence; ``after`` and ``limit`` are read by paging."""

    class Meta:
        unknown = EXCLUDE

    review_state = fields.String(load_default=None, validate=validate.OneOf([one.value for one in Verdict]))
    stage = fields.String(load_default=None, validate=validate.OneOf([one.value for one in Stage]))
    squad_id = fields.UUID(load_default=None)
    missing = fields.Boolean(load_default=None)
    case_id = fields.UUID(load_default=None)
    flagged = fields.Boolean(load_default=None)


class ReviewSchema(Schema):
    """POST /evidence/{id}/review; ``version`` is the one the reviewer saw."""

    verdict = fields.String(required=True, validate=validate.OneOf([one.value for one in Verdict]))
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=500))
    version = fields.String(load_default=None, allow_none=True)


class MissingPhotoSchema(Schema):
    """A photograph on its way: what, since when, on which handset of whom."""

    evidence_id = fields.UUID()
    sha256 = fields.String()
    stage = fields.String()
    role = fields.String()
    owner_kind = fields.String()
    owner_id = fields.UUID()
    expected_at = Instant()
    install_id = fields.UUID()
    handset = fields.String()
    officer_id = fields.UUID()
    officer = fields.String()


class MissingPhotoPageSchema(Schema):
    """A page of missing photographs, those longest expected first."""

    photos = fields.List(fields.Nested(MissingPhotoSchema), attribute="items")
    next = fields.String(allow_none=True)


class PhotoQuerySchema(Schema):
    """GET /photos/{sha256}."""

    class Meta:
        unknown = EXCLUDE

    rendition = fields.String(load_default="original")
