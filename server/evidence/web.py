"""What the console's pages ask of evidence: a photograph's bytes, and the reviewer's verdict."""

from http import HTTPStatus
from uuid import UUID

from flask import Response, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from server.db import read, transact
from server.evidence import operations, queries
from server.evidence.labels import REVIEW_STATES
from server.evidence.records import EvidenceRecord
from server.evidence.serving import serve_photo
from server.evidence.viewing import note_served
from server.forms import field, local_path, tell, tell_problem
from server.i18n import _
from server.identity.rules import Permission
from server.problems import Problem
from server.web import actor, console_pages

pages = console_pages("evidence")


@pages.get("/photos/<sha256>/<rendition>")
def photo(sha256: str, rendition: str) -> ResponseReturnValue:
    """Serve a thumbnail, a preview or the original to who may see evidence that it is part of."""
    scope = actor().require(Permission.READ_EVIDENCE)
    if not read(queries.visible_at_desk, scope, sha256):
        raise Problem("not-found")
    answer = serve_photo(sha256, rendition)
    note_served(answer, actor(), sha256, rendition)
    return answer


@pages.get("/evidence/<uuid:evidence_id>/review")
def review_state(evidence_id: UUID) -> ResponseReturnValue:
    """Tell the keyboard script what the review of one photograph stands at."""
    found = read(queries.one, actor().require(Permission.READ_EVIDENCE), evidence_id)
    if found is None:
        raise Problem("not-found")
    return review_of(found)


@pages.post("/evidence/<uuid:evidence_id>/review")
def review(evidence_id: UUID) -> ResponseReturnValue:
    """Take a verdict: JSON from the keyboard script, or a plain form that goes back to its page."""
    if request.is_json:
        return _judge_by_script(evidence_id)
    back = local_path(field("next"), url_for("console_pages.gallery"))
    try:
        judge(evidence_id, field("verdict"), field("reason"), field("version"))
        tell(_("The verdict is saved."))
    except Problem as problem:
        tell_problem(problem)
    return redirect(f"{back}#e-{evidence_id}", HTTPStatus.SEE_OTHER)


def _judge_by_script(evidence_id: UUID) -> ResponseReturnValue:
    told = request.get_json()
    if not isinstance(told, dict):
        raise Problem("bad-request")
    return review_of(judge(evidence_id, *(str(told.get(name) or "") for name in ("verdict", "reason", "version"))))


def judge(evidence_id: UUID, verdict: str, reason: str, version: str) -> EvidenceRecord:
    """Give the verdict; a verdict on an unseen version is refused, so the version is not optional here."""
    if not version:
        raise Problem("validation", errors={"version": [_("The page did not say which version it showed.")]})
    return transact(operations.review, actor(), evidence_id, verdict, reason=str(reason or ""), version=str(version))


def review_of(record: EvidenceRecord) -> Response:
    """Return a review as frontend/src/card.ts reads it."""
    label = str(REVIEW_STATES[record.review_state])
    return jsonify(review_state=record.review_state, version=record.version, label=label)
