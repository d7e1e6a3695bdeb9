"""The API of the inbox: list, count, mark as read."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from server.casework.inbox import operations, queries
from server.casework.inbox.queries import NoticeRecord, Unread
from server.casework.inbox.reading import read_all
from server.casework.inbox.rules import demand_inbox
from server.casework.inbox.schemas import (
    InboxQuerySchema,
    InboxSchema,
    MarkedSchema,
    ReadThroughSchema,
    UnreadSchema,
)
from server.db import glance, read, transact
from server.keyset import Page
from server.web import actor, api_blueprint, page_args

blueprint = api_blueprint("inbox", url_prefix="/inbox")
blueprints = (blueprint,)


@blueprint.get("")
@blueprint.arguments(InboxQuerySchema, location="query")
@blueprint.response(HTTPStatus.OK, InboxSchema)
def listing(filters: dict[str, Any]) -> Page[NoticeRecord]:
    """List what you were told, the newest first."""
    me = demand_inbox(actor())
    after, limit = page_args()
    return read(queries.notices, me, only_unread=filters["unread"], after=after, limit=limit)


@blueprint.get("/unread")
@blueprint.response(HTTPStatus.OK, UnreadSchema)
def unread() -> Unread:
    """Count what you have not read yet, up to 99."""
    return glance(queries.unread, demand_inbox(actor()))


@blueprint.post("/<uuid:notice_id>/read")
@blueprint.response(HTTPStatus.NO_CONTENT)
def mark_read(notice_id: UUID) -> None:
    """Mark one notice as read by you."""
    transact(operations.mark_read, demand_inbox(actor()), notice_id)


@blueprint.post("/read")
@blueprint.arguments(ReadThroughSchema)
@blueprint.response(HTTPStatus.OK, MarkedSchema)
def mark_all_read(told: dict[str, Any]) -> dict[str, int]:
    """Mark everything as read by you, up to the newest notice that you have seen."""
    return {"marked": read_all(demand_inbox(actor()), told["through"])}
