"""The API of the pool for desks: photographs that no item has declared, and those that came as other bytes."""

from datetime import timedelta

from server.current import settings
from server.db import read
from server.evidence import pool_queries
from server.evidence.pool_queries import MismatchedPhoto, UnattachedPhoto
from server.evidence.pool_schemas import MismatchedPageSchema, UnattachedPageSchema
from server.identity.rules import Permission
from server.keyset import Page
from server.web import actor, api_blueprint, page_args

blueprint = api_blueprint("pool")
blueprints = (blueprint,)


@blueprint.get("/photos/unattached")
@blueprint.response(200, UnattachedPageSchema)
def unattached() -> Page[UnattachedPhoto]:
    """List photographs that no item has declared, with their age and their end, oldest first."""
    scope = actor().require(Permission.READ_EVIDENCE)
    after, limit = page_args()
    lasting = timedelta(days=settings().unattached_days)
    return read(pool_queries.unattached, scope, lasting, after=after, limit=limit)


@blueprint.get("/photos/mismatched")
@blueprint.response(200, MismatchedPageSchema)
def mismatched() -> Page[MismatchedPhoto]:
    """List photographs that came twice as other bytes than declared, and the evidence that waits, newest first."""
    scope = actor().require(Permission.READ_EVIDENCE)
    after, limit = page_args()
    return read(pool_queries.mismatched, scope, after=after, limit=limit)
