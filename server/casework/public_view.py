"""A photograph as the public and every export may see it: redacted where anything is, watermarked, never the original.

The case's number stands on it, which is why it is made here and not in evidence. Whoever asks may read evidence.
"""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from photo_store.blobs import BlobError, rendition_key
from photo_store.decoder import DecoderUnavailable, NotDerivable
from photo_store.derive import FORMER_RECIPES, RECIPE
from photo_store.watermark import TextNotShowable, watermarked
from server.casework.bundle.font import FONT_FILE
from server.casework.models import Case
from server.current import blobs, settings
from server.db import read, transact
from server.evidence import redactions
from server.evidence.queries import one
from server.evidence.records import EvidenceRecord, PhotoRecord
from server.evidence.redactions import RedactionRecord
from server.evidence.views import note_view
from server.identity.models import Agency
from server.identity.rules import Permission
from server.logs import log
from server.problems import Problem
from server.web import actor

RETRY_AFTER_S = 5
_RECIPES = (RECIPE, *FORMER_RECIPES)


@dataclass(frozen=True)
class Shown:
    """A photograph with what stands on it and what is hidden of it."""

    evidence: EvidenceRecord
    redaction: RedactionRecord | None
    agency: str
    agency_path: str
    case_no: str | None


def public_photo(evidence_id: UUID) -> Response:
    """Answer with the public view of a piece of evidence, a JPEG at preview size.

    Raises not-found (also out of scope), evidence-missing, photo-disposed, rendition-pending, rendition-failed,
    redaction-pending, redaction-failed, store-unavailable.
    """
    me = actor()
    shown = read(_shown, me.require(Permission.READ_EVIDENCE), evidence_id)
    if shown is None:
        raise Problem("not-found")
    picture = _picture(rendition_of(shown))
    transact(note_view, me.officer_id, shown.evidence.sha256, "public")
    response = Response(_stamped(picture, shown), HTTPStatus.OK, mimetype="image/jpeg")
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Another rectangle may be drawn at any time: nobody keeps what was shown before.
    response.headers["Cache-Control"] = "private, no-store"
    return response


def rendition_of(shown: Shown) -> str:
    """Return the key of the rendition to show: the redacted one if anything is hidden, and no other then."""
    evidence, redaction = shown.evidence, shown.redaction
    if evidence.disposed_at is not None:
        raise Problem("photo-disposed")
    if evidence.photo is None:
        missing = [{"sha256": evidence.sha256, "install_id": str(evidence.install_id)}]
        raise Problem("evidence-missing", missing=missing)
    if redaction is None or not redaction.regions:
        return rendition_key(evidence.sha256, "preview", _recipe_of(evidence.photo))
    if redaction.made_recipe in _RECIPES:
        return rendition_key(evidence.sha256, redaction.rendition, str(redaction.made_recipe))
    if redaction.error is not None:
        raise Problem("redaction-failed")
    raise Problem("redaction-pending", retry_after=RETRY_AFTER_S)


def watermark(shown: Shown) -> list[list[str]]:
    """Return the lines to stamp, then the same in letters that every font has: agency, time of capture, case number."""
    evidence = shown.evidence
    taken_at = _local(evidence.captured_at_corrected or evidence.captured_at or evidence.expected_at)
    last = f"{taken_at:%Y-%m-%d %H:%M} · {shown.case_no or evidence.owner_id}"
    return [[shown.agency, last], [shown.agency_path.strip("/"), last.replace("·", "-")]]


def _shown(session: Session, scope: tuple[str, ...], evidence_id: UUID) -> Shown | None:
    evidence = one(session, scope, evidence_id)
    if evidence is None:
        return None
    agency = session.execute(select(Agency.name, Agency.path).where(Agency.id == evidence.agency_id)).one()
    case_no = None
    if evidence.owner_kind == "case":
        case_no = session.scalar(select(Case.case_no).where(Case.id == evidence.owner_id))
    return Shown(evidence, redactions.newest(session, evidence_id), agency.name, agency.path, case_no)


def _recipe_of(photo: PhotoRecord) -> str:
    if photo.derived_recipe in _RECIPES:
        return str(photo.derived_recipe)
    raise Problem("rendition-failed") if photo.derive_error else Problem("rendition-pending", retry_after=RETRY_AFTER_S)


def _picture(key: str) -> bytes:
    try:
        with blobs().open(key) as stream:
            return stream.read()
    except BlobError as error:
        log.error("photo-unreadable", key=key, error=str(error))
        raise Problem("store-unavailable", retry_after=RETRY_AFTER_S) from error


def _stamped(picture: bytes, shown: Shown) -> bytes:
    # It comes with the built scripts; without it letters that the decoder's own font has must do.
    font = FONT_FILE if FONT_FILE.exists() else None
    try:
        for lines in watermark(shown):
            try:
                return watermarked(picture, lines, font)
            except TextNotShowable as error:
                log.info("watermark-plain", reason=str(error))
    except (NotDerivable, DecoderUnavailable) as error:
        log.error("watermark-failed", evidence=str(shown.evidence.id), error=str(error))
        raise Problem("store-unavailable", retry_after=RETRY_AFTER_S) from error
    raise Problem("rendition-failed")


def _local(moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(settings().timezone))
