"""The API of what a desk says about one photograph: which one it answers, a reviewer's flag, redactions."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from server.db import read, transact
from server.evidence import flagging, pairs, queries, redactions
from server.evidence.records import EvidenceRecord
from server.evidence.redaction_jobs import make_redaction
from server.evidence.redactions import RedactionRecord
from server.evidence.schemas import EvidenceSchema
from server.evidence.shot_schemas import (
    FlagReasonSchema,
    PairSchema,
    RedactionListSchema,
    RedactionSchema,
    RedactSchema,
)
from server.identity.rules import Permission
from server.jobs import enqueue
from server.problems import Problem
from server.web import actor, api_blueprint

blueprint = api_blueprint("shot", url_prefix="/evidence")
blueprints = (blueprint,)


@blueprint.put("/<uuid:evidence_id>/before")
@blueprint.arguments(PairSchema)
@blueprint.response(HTTPStatus.OK, EvidenceSchema)
def pair(told: dict[str, Any], evidence_id: UUID) -> EvidenceRecord:
    """Say which photograph of the report an after-photograph answers, or none."""
    return transact(pairs.pair, actor(), evidence_id, told["before_id"], version=told["version"])


@blueprint.put("/<uuid:evidence_id>/flag")
@blueprint.arguments(FlagReasonSchema)
@blueprint.response(HTTPStatus.NO_CONTENT)
def flag(told: dict[str, str], evidence_id: UUID) -> None:
    """Flag a photograph for whoever judges it next."""
    transact(flagging.flag, actor(), evidence_id, reason=told["reason"])


@blueprint.delete("/<uuid:evidence_id>/flag")
@blueprint.response(HTTPStatus.NO_CONTENT)
def unflag(evidence_id: UUID) -> None:
    """Take a reviewer's flag back."""
    transact(flagging.unflag, actor(), evidence_id)


@blueprint.get("/<uuid:evidence_id>/redactions")
@blueprint.response(HTTPStatus.OK, RedactionListSchema)
def listing(evidence_id: UUID) -> dict[str, Any]:
    """List the redactions of a photograph, the newest first."""
    if read(queries.one, actor().require(Permission.READ_EVIDENCE), evidence_id) is None:
        raise Problem("not-found")
    return {"redactions": read(redactions.history, evidence_id)}


@blueprint.post("/<uuid:evidence_id>/redactions")
@blueprint.arguments(RedactSchema)
@blueprint.response(HTTPStatus.CREATED, RedactionSchema)
def redact(told: dict[str, Any], evidence_id: UUID) -> RedactionRecord:
    """Hide parts of a photograph from the public and from exports; no regions take the redaction back."""
    made = transact(redactions.redact, actor(), evidence_id, **told)
    enqueue(make_redaction, str(made.id))
    return made
