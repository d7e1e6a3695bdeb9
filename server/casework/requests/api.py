"""The API of requests: ask, list, decide, withdraw."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from server.casework.requests import queries
from server.casework.requests.asking import Wish, ask, withdraw
from server.casework.requests.deciding import decide
from server.casework.requests.records import RequestRecord
from server.casework.requests.schemas import (
    CaseRequestsSchema,
    NewRequestSchema,
    RequestListSchema,
    RequestQuerySchema,
    RequestSchema,
    VerdictSchema,
)
from server.db import read, transact
from server.identity.rules import Permission
from server.keyset import Page
from server.web import actor, api_blueprint, page_args

blueprint = api_blueprint("requests")
blueprints = (blueprint,)


@blueprint.get("/cases/<uuid:case_id>/requests")
@blueprint.response(HTTPStatus.OK, CaseRequestsSchema)
def of_case(case_id: UUID) -> dict[str, Any]:
    """List all requests about a case."""
    me = actor()
    me.require(Permission.READ_CASES)
    return {"requests": read(queries.requests_of, me, case_id)}


@blueprint.post("/cases/<uuid:case_id>/requests")
@blueprint.arguments(NewRequestSchema)
@blueprint.response(HTTPStatus.CREATED, RequestSchema)
def make(told: dict[str, Any], case_id: UUID) -> RequestRecord:
    """Ask for an extension, a suspension, an exemption from the statistics (appeal), or a forced end."""
    me = actor()
    me.require(Permission.READ_CASES)
    return transact(ask, me, case_id, Wish(**told))


@blueprint.get("/requests")
@blueprint.arguments(RequestQuerySchema, location="query")
@blueprint.response(HTTPStatus.OK, RequestListSchema)
def listing(filters: dict[str, Any]) -> Page[RequestRecord]:
    """List requests in your scope, the newest first."""
    me = actor()
    me.require(Permission.READ_CASES)
    after, limit = page_args()
    return read(queries.requests, me, **filters, after=after, limit=limit)


@blueprint.post("/requests/<uuid:request_id>/decision")
@blueprint.arguments(VerdictSchema)
@blueprint.response(HTTPStatus.OK, RequestSchema)
def settle(told: dict[str, Any], request_id: UUID) -> RequestRecord:
    """Approve or reject a request of somebody else; what is approved takes effect at once."""
    return transact(decide, actor(), request_id, told["verdict"], reason=told["reason"])


@blueprint.post("/requests/<uuid:request_id>/withdrawal")
@blueprint.response(HTTPStatus.OK, RequestSchema)
def take_back(request_id: UUID) -> RequestRecord:
    """Take back your own request while it is open."""
    return transact(withdraw, actor(), request_id)
