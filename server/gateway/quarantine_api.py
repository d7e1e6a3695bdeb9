"""The quarantine desk's API: list what could not be applied, and read one item as it arrived."""

from server.db import read
from server.gateway import queries
from server.gateway.schemas import QuarantineSchema, RawItemSchema
from server.identity.rules import Permission
from server.keyset import Page
from server.web import actor, api_blueprint, page_args

blueprint = api_blueprint("quarantine", url_prefix="/quarantine")
blueprints = (blueprint,)


@blueprint.get("")
@blueprint.response(200, QuarantineSchema)
def listing() -> Page[queries.HeldItem]:
    """List the quarantine of the agencies in scope, newest first."""
    return read(queries.quarantined, actor().require(Permission.READ_QUARANTINE), *page_args())


@blueprint.get("/<row_id>")
@blueprint.response(200, RawItemSchema)
def item(row_id: str) -> queries.RawHeldItem:
    """Return one item with its raw text."""
    return read(queries.quarantined_item, actor().require(Permission.READ_QUARANTINE), row_id)
