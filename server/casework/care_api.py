"""The API of what happens to a case's photographs beyond the case: the public view, holds, retention, disposal."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response

from server.casework import ended
from server.casework.care_schemas import (
    STATES,
    DisposalDecisionSchema,
    DisposalListSchema,
    DisposalProposalSchema,
    DisposalQuerySchema,
    DisposalSchema,
    DueListSchema,
    HoldListSchema,
    NewIdSchema,
    RetentionRuleSchema,
    RetentionSchema,
    WrittenReasonSchema,
)
from server.casework.operations.holding import place_hold, release_hold
from server.casework.operations.retiring import propose_disposal
from server.casework.public_view import public_photo
from server.casework.queries import case_page
from server.casework.retention_view import retention_in
from server.current import settings
from server.db import read, transact
from server.evidence import disposals, retention
from server.evidence.disposals import DisposalRecord
from server.identity.rules import Permission
from server.web import actor, api_blueprint, page_args

blueprint = api_blueprint("care")
blueprints = (blueprint,)
_BINARY = {"type": "string", "format": "binary"}
_DECIDE = {"approve": disposals.approve, "refuse": disposals.refuse}


@blueprint.get("/evidence/<uuid:evidence_id>/public")
@blueprint.response(HTTPStatus.OK, _BINARY, content_type="image/jpeg")
def public(evidence_id: UUID) -> Response:
    """Send a photograph as it may leave the desk: redacted where anything is to be hidden, with a watermark."""
    return public_photo(evidence_id)


@blueprint.get("/cases/<uuid:case_id>/holds")
@blueprint.response(HTTPStatus.OK, HoldListSchema)
def holds(case_id: UUID) -> dict[str, Any]:
    """List the legal holds of a case."""
    return {"holds": read(case_page, actor().require(Permission.READ_CASES), case_id).holds}


@blueprint.post("/cases/<uuid:case_id>/holds")
@blueprint.arguments(WrittenReasonSchema)
@blueprint.response(HTTPStatus.CREATED, NewIdSchema)
def hold(told: dict[str, str], case_id: UUID) -> dict[str, UUID]:
    """Place a legal hold: nothing of the case is disposed of until it is released."""
    return {"id": transact(place_hold, actor(), case_id, reason=told["reason"])}


@blueprint.post("/cases/<uuid:case_id>/holds/<uuid:hold_id>/release")
@blueprint.arguments(WrittenReasonSchema)
@blueprint.response(HTTPStatus.NO_CONTENT)
def release(told: dict[str, str], case_id: UUID, hold_id: UUID) -> None:
    """Release a legal hold."""
    transact(release_hold, actor(), case_id, hold_id, reason=told["reason"])


@blueprint.get("/retention")
@blueprint.response(HTTPStatus.OK, RetentionSchema)
def rules() -> dict[str, Any]:
    """List how long each agency keeps its cases' photographs."""
    scope = actor().require(Permission.MANAGE_RETENTION)
    return {"rules": read(retention_in, scope, settings().retention_years)}


@blueprint.put("/retention")
@blueprint.arguments(RetentionRuleSchema)
@blueprint.response(HTTPStatus.NO_CONTENT)
def set_rule(told: dict[str, Any]) -> None:
    """Set how long an agency and those below it keep their photographs."""
    transact(retention.set_years, actor(), told["agency_id"], told["owner_kind"], told["years"])


@blueprint.get("/disposals/due")
@blueprint.response(HTTPStatus.OK, DueListSchema)
def due() -> dict[str, Any]:
    """List the cases that are past retention, not held and not proposed."""
    scope = actor().require(Permission.MANAGE_RETENTION)
    _after, limit = page_args()
    return {"due": read(ended.due_cases, settings().retention_years, scope=scope, limit=limit)}


@blueprint.get("/disposals")
@blueprint.arguments(DisposalQuerySchema, location="query")
@blueprint.response(HTTPStatus.OK, DisposalListSchema)
def listing(filters: dict[str, Any]) -> dict[str, Any]:
    """List disposals, the newest first."""
    scope = actor().require(Permission.MANAGE_RETENTION)
    _after, limit = page_args()
    states = STATES if filters["state"] is None else (filters["state"],)
    return {"disposals": read(disposals.listing, scope, states, limit)}


@blueprint.post("/disposals")
@blueprint.arguments(DisposalProposalSchema)
@blueprint.response(HTTPStatus.CREATED, NewIdSchema)
def propose(told: dict[str, Any]) -> dict[str, UUID]:
    """Propose to dispose of a case's photographs."""
    years = settings().retention_years
    return {"id": transact(propose_disposal, actor(), told["case_id"], reason=told["reason"], default_years=years)}


@blueprint.post("/disposals/<uuid:disposal_id>/decision")
@blueprint.arguments(DisposalDecisionSchema)
@blueprint.response(HTTPStatus.OK, DisposalSchema)
def decide(told: dict[str, Any], disposal_id: UUID) -> DisposalRecord:
    """Approve a disposal as its second person, or refuse it."""
    step = _DECIDE[told["decision"]]
    return transact(step, actor(), disposal_id, reason=told["reason"], version=told["version"])
