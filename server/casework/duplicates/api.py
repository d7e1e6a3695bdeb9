"""The API of duplicates: merge and part cases, decide on proposals, set the policies."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from server.casework.duplicates import merging, policy, queries
from server.casework.duplicates.merging import Wish
from server.casework.duplicates.queries import LinkRecord
from server.casework.duplicates.schemas import (
    LinkDecisionSchema,
    LinkListSchema,
    LinkQuerySchema,
    LinksSchema,
    MergeSchema,
    PolicyKeySchema,
    PolicyListSchema,
    PolicySchema,
    UndoMergeSchema,
)
from server.casework.queries import case_page
from server.db import read, transact
from server.identity.rules import Permission
from server.keyset import Page
from server.web import actor, api_blueprint, page_args

blueprint = api_blueprint("duplicates")
blueprints = (blueprint,)


@blueprint.get("/cases/<uuid:case_id>/links")
@blueprint.response(HTTPStatus.OK, LinksSchema)
def links(case_id: UUID) -> dict[str, Any]:
    """List what a case is a duplicate of, its own duplicates, and what came back, also what was parted again."""
    return {"links": read(_links, actor().require(Permission.READ_CASES), case_id)}


@blueprint.post("/cases/<uuid:case_id>/merge")
@blueprint.arguments(MergeSchema)
@blueprint.response(HTTPStatus.OK, LinksSchema)
def merge(asked: dict[str, Any], case_id: UUID) -> dict[str, Any]:
    """Merge a case into an open one as a further report; both officers keep credit."""
    me = actor()
    into = read(queries.found_case, me.require(Permission.MERGE_CASES), asked["into"])
    transact(merging.merge, me, case_id, into, Wish(asked["reason"], asked["version"]))
    return {"links": read(queries.links_of, case_id)}


@blueprint.post("/cases/<uuid:case_id>/undo-merge")
@blueprint.arguments(UndoMergeSchema)
@blueprint.response(HTTPStatus.OK, LinksSchema)
def undo_merge(asked: dict[str, Any], case_id: UUID) -> dict[str, Any]:
    """Let a merged case stand for itself again, in the state it had."""
    transact(merging.undo_merge, actor(), case_id, Wish(asked["reason"], asked["version"]))
    return {"links": read(queries.links_of, case_id, history=True)}


@blueprint.get("/duplicates")
@blueprint.arguments(LinkQuerySchema, location="query")
@blueprint.response(HTTPStatus.OK, LinkListSchema)
def duplicates(asked: dict[str, str]) -> Page[LinkRecord]:
    """List likely duplicates that wait for the desk, or those in another state."""
    after, limit = page_args()
    scope = actor().require(Permission.READ_CASES)
    return read(queries.proposals, scope, state=asked["state"], after=after, limit=limit)


@blueprint.post("/duplicates/<uuid:link_id>/decision")
@blueprint.arguments(LinkDecisionSchema)
@blueprint.response(HTTPStatus.NO_CONTENT)
def decide(asked: dict[str, Any], link_id: UUID) -> None:
    """Take a proposed duplicate up, or dismiss it for good."""
    transact(merging.decide, actor(), link_id, accept=asked["accept"], reason=asked["reason"])


@blueprint.get("/duplicate-policies")
@blueprint.response(HTTPStatus.OK, PolicyListSchema)
def policies() -> dict[str, Any]:
    """List the policies that were set."""
    rows = read(policy.policies, actor().require(Permission.READ_CASES))
    return {"policies": [{**vars(row), **vars(row.policy)} for row in rows]}


@blueprint.put("/duplicate-policies")
@blueprint.arguments(PolicySchema)
@blueprint.response(HTTPStatus.NO_CONTENT)
def set_policy(asked: dict[str, Any]) -> None:
    """Set what happens to likely duplicates of a class."""
    agency_id, scheme, code = asked.pop("agency_id"), asked.pop("scheme"), asked.pop("code")
    transact(policy.set_policy, actor(), policy.PolicyRow(agency_id, scheme, code, policy.Policy(**asked)))


@blueprint.delete("/duplicate-policies")
@blueprint.arguments(PolicyKeySchema, location="query")
@blueprint.response(HTTPStatus.NO_CONTENT)
def drop_policy(asked: dict[str, Any]) -> None:
    """Take a policy back."""
    transact(policy.drop_policy, actor(), asked["agency_id"], asked["scheme"], asked["code"])


def _links(session: Session, scope: tuple[str, ...], case_id: UUID) -> tuple[LinkRecord, ...]:
    case_page(session, scope, case_id)
    return queries.links_of(session, case_id, history=True)
