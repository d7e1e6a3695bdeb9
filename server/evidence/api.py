"""The API of evidence for desks: the gallery, what is missing, verdicts.

A photograph's bytes are served by casework, which knows whose cases and tasks show it.
"""

from typing import Any
from uuid import UUID

from server.db import read, transact
from server.evidence import operations, queries
from server.evidence.lookalikes import lookalikes
from server.evidence.queries import GalleryFilter, MissingPhoto
from server.evidence.records import EvidenceRecord
from server.evidence.schemas import (
    EvidencePageSchema,
    EvidenceSchema,
    GalleryQuerySchema,
    LookAlikesSchema,
    MissingPhotoPageSchema,
    ReviewSchema,
)
from server.identity.rules import Permission
from server.keyset import Page
from server.problems import Problem
from server.web import actor, api_blueprint, page_args

blueprint = api_blueprint("evidence")
blueprints = (blueprint,)


@blueprint.get("/evidence")
@blueprint.arguments(GalleryQuerySchema, location="query")
@blueprint.response(200, EvidencePageSchema)
def gallery(filters: dict[str, Any]) -> Page[EvidenceRecord]:
    """List evidence newest first."""
    scope = actor().require(Permission.READ_EVIDENCE)
    after, limit = page_args()
    return read(queries.gallery, scope, GalleryFilter(**filters), after=after, limit=limit)


@blueprint.get("/evidence/<uuid:evidence_id>/alike")
@blueprint.response(200, LookAlikesSchema)
def alike(evidence_id: UUID) -> dict[str, Any]:
    """List other evidence that shows the same picture, or perhaps the same place, nearest first."""
    found = read(lookalikes, actor().require(Permission.READ_EVIDENCE), evidence_id)
    if found is None:
        raise Problem("not-found")
    return {"alike": found}


@blueprint.get("/photos/missing")
@blueprint.response(200, MissingPhotoPageSchema)
def missing() -> Page[MissingPhoto]:
    """List declared photographs whose bytes have not arrived, those longest expected first."""
    scope = actor().require(Permission.READ_EVIDENCE)
    after, limit = page_args()
    return read(queries.missing, scope, after=after, limit=limit)


@blueprint.post("/evidence/<uuid:evidence_id>/review")
@blueprint.arguments(ReviewSchema)
@blueprint.response(200, EvidenceSchema)
def review(verdict: dict[str, Any], evidence_id: UUID) -> EvidenceRecord:
    """Accept a photograph, return it with a reason, or take the last verdict back (unreviewed)."""
    return transact(operations.review, actor(), evidence_id, **verdict)
