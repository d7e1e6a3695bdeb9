"""Answers that carry a photograph's bytes. Whoever calls has checked that the reader may see it.

Originals go out as attachments under a sandbox policy: they are bytes of strangers. Renditions are our own pixels.
"""

from datetime import timedelta
from http import HTTPStatus
from typing import BinaryIO

from flask import Response, request
from werkzeug.wsgi import wrap_file

from photo_store.blobs import BlobError, original_key, rendition_key
from photo_store.derive import RECIPE
from server.current import blobs
from server.db import read
from server.evidence.queries import photo
from server.evidence.records import PhotoRecord
from server.logs import log
from server.problems import Problem

MEDIA_TYPES = {"thumbnail": "image/webp", "preview": "image/jpeg"}
RENDITIONS = (*MEDIA_TYPES, "original")
EXTENSIONS = {"image/jpeg": "jpg", "image/heic": "heic"}
FOREVER = timedelta(days=365)
RETRY_AFTER_S = 5


def serve_photo(sha256: str, rendition: str) -> Response:
    """Answer with a photograph: ``thumbnail``, ``preview`` or ``original``; ranges and If-None-Match are served.

    Raises validation, not-found, rendition-pending, rendition-failed, store-unavailable. Opens no transaction
    while bytes are sent.
    """
    if rendition not in RENDITIONS:
        raise Problem("validation", errors={"rendition": [f"Must be one of: {', '.join(RENDITIONS)}."]})
    known = read(photo, sha256)
    if known is None:
        raise Problem("not-found")
    if rendition == "original":
        response = _stream(original_key(sha256), known.media_type, sha256)
        name = f"{sha256}.{EXTENSIONS.get(known.media_type, 'bin')}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response
    _check_derived(known)
    etag = f"{sha256}.{rendition}.{RECIPE}"
    return _stream(rendition_key(sha256, rendition, RECIPE), MEDIA_TYPES[rendition], etag)


def _check_derived(known: PhotoRecord) -> None:
    if known.derived_recipe == RECIPE:
        return
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
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.make_conditional(request.environ, accept_ranges=True, complete_length=size)
    if request.method == "HEAD" or response.status_code == HTTPStatus.NOT_MODIFIED:
        # Werkzeug sends no body for these and then never closes it.
        stream.close()
    return response
