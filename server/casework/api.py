"""The API of casework: cases and actions for desks; photographs for whoever sees a case or task that shows them."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from server.casework import operations, queries
from server.casework.bundle.answer import send_bundle
from server.casework.mirror import photo_shown
from server.casework.numbers import Numbering
from server.casework.operations import Given, Registration
from server.casework.records import CaseRecord
from server.casework.schemas import (
    ActionSchema,
    CaseListSchema,
    CasePageSchema,
    CaseQuerySchema,
    CaseSchema,
    RegistrationSchema,
)
from server.current import settings
from server.db import read, transact
from server.evidence.queries import proven, visible_at_desk
from server.evidence.schemas import PhotoQuerySchema
from server.evidence.serving import serve_photo
from server.evidence.viewing import note_served
from server.identity.queries import scopes_of
from server.identity.rules import Handset, Permission
from server.identity.tokens import is_desk_token
from server.keyset import Page
from server.problems import Problem
from server.web import actor, api_blueprint, bearer, on_duty, page_args

desk = api_blueprint("casework")
# Desks and handsets come through one door; each is asked for its own credential inside.
photos = api_blueprint("photos", guard=None)
blueprints = (desk, photos)

BINARY = {"type": "string", "format": "binary"}


@desk.get("/cases")
@desk.arguments(CaseQuerySchema, location="query")
@desk.response(HTTPStatus.OK, CaseListSchema)
def cases(filters: dict[str, Any]) -> Page[CaseRecord]:
    """List cases newest first, all or those in a state; ``q`` looks for words, numbers and names."""
    me = actor()
    scope = me.require(Permission.READ_CASES)
    after, limit = page_args()
    chosen = {"state": filters["state"], "asked": filters["q"], "unit": me.unit_squad}
    return read(queries.cases, scope, **chosen, after=after, limit=limit)


@desk.post("/cases")
@desk.arguments(RegistrationSchema)
@desk.response(HTTPStatus.CREATED, CaseSchema)
def register(asked: dict[str, Any]) -> CaseRecord:
    """Register a case that came to a desk: by telephone, from a camera, from a leader."""
    category, place = asked.pop("category"), asked.pop("position")
    wanted = Registration(scheme=category["scheme"], category_code=category["code"], **place, **asked)
    return transact(operations.register, actor(), wanted)


@desk.get("/cases/<uuid:case_id>")
@desk.response(HTTPStatus.OK, CasePageSchema)
def case(case_id: UUID) -> dict[str, Any]:
    """Return a case with timeline, evidence and tasks."""
    me = actor()
    page = read(queries.case_page, me.require(Permission.READ_CASES), case_id, unit=me.unit_squad)
    parts = {name: part for name, part in vars(page).items() if name != "case"}
    return {**vars(page.case), **parts}


@desk.post("/cases/<uuid:case_id>/actions")
@desk.arguments(ActionSchema)
@desk.response(HTTPStatus.OK, CaseSchema)
def act(asked: dict[str, Any], case_id: UUID) -> CaseRecord:
    """Do one step; which ones a case allows now, its ``actions`` say."""
    numbering = Numbering(timezone=settings().timezone)
    action = asked.pop("action")
    return transact(operations.act_and_show, actor(), case_id, action, Given(**asked), numbering=numbering)


@desk.get("/cases/<uuid:case_id>/bundle")
@desk.response(HTTPStatus.OK, BINARY, content_type="application/zip")
def bundle(case_id: UUID) -> Response:
    """Export a case: originals, signatures and log proofs in one ZIP that anybody can verify."""
    return send_bundle(case_id, actor())


@photos.get("/photos/<string(length=64):sha256>")
@photos.arguments(PhotoQuerySchema, location="query")
@photos.response(HTTPStatus.OK, BINARY, content_type="image/jpeg")
def photo(asked: dict[str, str], sha256: str) -> Response:
    """Send a photograph: its original as attachment, or a rendition (thumbnail, preview)."""
    token = bearer()
    if token and not is_desk_token(token):
        if not _visible_to_handset(sha256):
            raise Problem("not-found")
        return serve_photo(sha256, asked["rendition"])
    me = actor()
    if not read(visible_at_desk, me.require(Permission.READ_EVIDENCE), sha256):
        raise Problem("not-found")
    answer = serve_photo(sha256, asked["rendition"])
    note_served(answer, me, sha256, asked["rendition"])
    return answer


def _visible_to_handset(sha256: str) -> bool:
    return read(_owned_or_shown, on_duty(), sha256)


def _owned_or_shown(session: Session, caller: Handset, sha256: str) -> bool:
    """Tell whether this install uploaded these bytes, or sees a task or case that shows them."""
    if proven(session, caller.install_id, sha256):
        return True
    return photo_shown(session, scopes_of(session, caller.officer_id), sha256)
