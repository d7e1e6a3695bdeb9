"""Answers that carry a photograph's bytes. Whoever calls has checked that the reader may see it.

Originals go out as attachments under a sandbox policy: they are bytes of strangers. Renditions are our own pixels.
"""

from datetime import timedelta
from http import HTTPStatus
from typing import BinaryIO

from flask import Response, request
from werkzeug.wsgi import wrap_file

from photo_store.blobs import BlobError, original_key, rendition_key
from photo_store.derive import FORMER_RECIPES, RECIPE
from photo_store.inspect_image import HEIC, JPEG
from server.current import blobs
from server.db import read
from server.evidence.queries import photo
from server.evidence.records import PhotoRecord
from server.logs import log
from server.problems import Problem

MEDIA_TYPES = {"thumbnail": "image/webp", "preview": "image/jpeg"}
RENDITIONS = (*MEDIA_TYPES, "original")
EXTENSIONS = {JPEG: "jpg", HEIC: "heic"}
FOREVER = timedelta(days=365)
RETRY_AFTER_S = 5
# Whatever the bytes are, a browser shows them as a picture of this site or saves them, and runs nothing.
_AS_DATA = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def serve_photo(sha256: str, rendition: str) -> Response:
    """Answer with a photograph: ``thumbnail``, ``preview`` or ``original``; ranges and If-None-Match are served.

    Raises validation, not-found, photo-disposed, photo-unclaimed, rendition-pending, rendition-failed,
    store-unavailable. Opens no transaction while bytes are sent.
    """
    if rendition not in RENDITIONS:
        raise Problem("validation", errors={"rendition": [f"Must be one of: {', '.join(RENDITIONS)}."]})
    known = read(photo, sha256)
    if known is None:
        raise Problem("not-found")
    _check_here(known)
    if rendition == "original":
        response = _stream(original_key(sha256), known.media_type, sha256)
        name = f"{sha256}.{EXTENSIONS.get(known.media_type, 'bin')}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    recipe = _derived_by(known)
    return _stream(rendition_key(sha256, rendition, recipe), MEDIA_TYPES[rendition], f"{sha256}.{rendition}.{recipe}")


def _check_here(known: PhotoRecord) -> None:
    if known.disposed_at is not None:
        raise Problem("photo-disposed")
    if known.condemned_at is not None:
        raise Problem("photo-unclaimed")


def _derived_by(known: PhotoRecord) -> str:
    """Return the recipe to show; a former one's while the new one's are not made yet."""
    if known.derived_recipe in (RECIPE, *FORMER_RECIPES):
        return str(known.derived_recipe)
    if known.derive_error is not None:
        raise Problem("rendition-failed")
    raise Problem("rendition-pending", retry_after=RETRY_AFTER_S)


def _stream(key: str, media_type: str, etag: str) -> Response:
    store = blobs()
    try:
        size = store.size(key)
        stream: BinaryIO = store.open(key)
    except BlobError as error:
        # A missing blob is no 404: the row says that it is there, so somebody must look at the store.
        log.error("photo-unreadable", key=key, error=str(error))
        raise Problem("store-unavailable", retry_after=RETRY_AFTER_S) from error
    response = Response(wrap_file(request.environ, stream), mimetype=media_type, direct_passthrough=True)
    response.call_on_close(stream.close)
    response.content_length = size
    response.set_etag(etag)
    response.cache_control.private = True
    response.cache_control.immutable = True
    response.cache_control.max_age = int(FOREVER.total_seconds())
    response.headers.update(_AS_DATA)
    response.make_conditional(request.environ, accept_ranges=True, complete_length=size)
    if request.method == "HEAD" or response.status_code == HTTPStatus.NOT_MODIFIED:
        # Werkzeug sends no body for these and then never closes it.
        stream.close()
    return response
