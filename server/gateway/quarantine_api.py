"""The quarantine desk's API: list what could not be applied, read one item as it arrived, decide about it."""

from typing import Any

from server.db import read, transact
from server.gateway import desk, queries
from server.gateway.schemas import DecidedSchema, QuarantineSchema, RawItemSchema, ReasonSchema, RepairSchema
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
    """Return one item with its raw text, its repaired texts and the decisions about it."""
    return read(queries.quarantined_item, actor().require(Permission.READ_QUARANTINE), row_id)


@blueprint.post("/<row_id>/repair")
@blueprint.arguments(RepairSchema)
@blueprint.response(200, DecidedSchema)
def repair(given: dict[str, Any], row_id: str) -> desk.Decided:
    """Interpret a repaired text in the item's place; the original stays as it is."""
    return transact(desk.repair, actor(), row_id, **given)


@blueprint.post("/<row_id>/replay")
@blueprint.arguments(ReasonSchema)
@blueprint.response(200, DecidedSchema)
def replay(given: dict[str, Any], row_id: str) -> desk.Decided:
    """Interpret the item again, as it is or as it was last repaired."""
    return transact(desk.replay, actor(), row_id, **given)


@blueprint.post("/<row_id>/discard")
@blueprint.arguments(ReasonSchema)
@blueprint.response(200, DecidedSchema)
def propose_discard(given: dict[str, Any], row_id: str) -> desk.Decided:
    """Propose to discard the item; another person confirms."""
    return transact(desk.propose_discard, actor(), row_id, **given)


@blueprint.post("/<row_id>/discard/confirm")
@blueprint.arguments(ReasonSchema)
@blueprint.response(200, DecidedSchema)
def confirm_discard(given: dict[str, Any], row_id: str) -> desk.Decided:
    """Discard an item that another person proposed."""
    return transact(desk.confirm_discard, actor(), row_id, **given)


@blueprint.post("/<row_id>/discard/withdraw")
@blueprint.arguments(ReasonSchema)
@blueprint.response(200, DecidedSchema)
def withdraw_discard(given: dict[str, Any], row_id: str) -> desk.Decided:
    """Take a proposal to discard back."""
    return transact(desk.withdraw_discard, actor(), row_id, **given)
