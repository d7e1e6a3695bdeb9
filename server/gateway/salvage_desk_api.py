"""The desk's side of salvage: list what handsets could deliver in no other way, download it, settle it."""

from typing import Any
from uuid import UUID

from flask import Response, request
from marshmallow import Schema, fields

from server.db import read, transact
from server.gateway import salvage
from server.identity.rules import Permission
from server.identity.schemas import Instant, line
from server.keyset import Page
from server.web import actor, api_blueprint, page_args

blueprint = api_blueprint("salvage_desk", url_prefix="/salvage")
blueprints = (blueprint,)


class SalvageRowSchema(Schema):
    """One salvage without its bytes."""

    install_id = fields.UUID()
    id = fields.UUID()
    sha256 = fields.String()
    media_type = fields.String()
    size = fields.Integer()
    received_at = Instant()
    settled_at = Instant(allow_none=True)
    settled_by = fields.UUID(allow_none=True)
    settled_reason = fields.String(allow_none=True)
    install_label = fields.String(allow_none=True)
    officer_id = fields.UUID()
    officer_name = fields.String(allow_none=True)


class SalvagePageSchema(Schema):
    """A page of salvages, newest first."""

    items = fields.List(fields.Nested(SalvageRowSchema))
    next = fields.String(allow_none=True)


class SettleSchema(Schema):
    """What was done about a salvage."""

    reason = line(500)


@blueprint.get("")
@blueprint.response(200, SalvagePageSchema)
def listing() -> Page[salvage.SalvageRow]:
    """List the open salvages of the agencies in scope, newest first; ``settled=1`` lists the settled ones."""
    scope = actor().require(Permission.READ_QUARANTINE)
    after, limit = page_args()
    return read(salvage.listed, scope, settled=request.args.get("settled") == "1", after=after, limit=limit)


@blueprint.get("/<uuid:install_id>/<uuid:salvage_id>/<sha256>")
@blueprint.response(200)
def download(install_id: UUID, salvage_id: UUID, sha256: str) -> Response:
    """Return the bytes, always as a file to save: a browser must never run what a handset sent."""
    scope = actor().require(Permission.READ_QUARANTINE)
    content = read(salvage.content, scope, (install_id, salvage_id, sha256))
    answer = Response(content, mimetype="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="salvage-{salvage_id}-{sha256[:12]}.bin"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@blueprint.post("/<uuid:install_id>/<uuid:salvage_id>/<sha256>/settle")
@blueprint.arguments(SettleSchema)
@blueprint.response(200, SalvageRowSchema)
def settle(said: dict[str, Any], install_id: UUID, salvage_id: UUID, sha256: str) -> salvage.SalvageRow:
    """Note what was done; the bytes stay."""
    return transact(salvage.settle, actor(), (install_id, salvage_id, sha256), said["reason"])
