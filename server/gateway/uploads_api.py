"""tus 1.0 for photographs: creation, expiration, checksum, termination. A thin mapping onto photo_store's engine.

Rules for stock clients (protocol.md section 6): never 429 or 410 on an upload's address; 404 for unknown, failed,
terminated or expired; Upload-Offset and Upload-Length on HEAD with no-store; never Location on an error.
"""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from http import HTTPStatus

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.http import http_date
from werkzeug.wsgi import get_input_stream

from photo_store import original_key
from photo_store.blobs import BlobUnavailable
from photo_store.inspect_image import NotAnImage, PhotoTooLarge
from photo_store.uploads import (
    BodyInterrupted,
    HashMismatch,
    OffsetMismatch,
    SpoolUnavailable,
    TooMuchData,
    UploadComplete,
    UploadFenced,
    UploadState,
    UploadUnknown,
)
from server.clock import now
from server.current import blobs, node_name, settings
from server.db import glance, jot, transact
from server.evidence import uploads
from server.gateway.checksums import ALGORITHMS, proven
from server.gateway.pieces import pieces
from server.gateway.upload_ledger import upload_engine
from server.problems import Problem
from server.web import api_blueprint, handset
from sync.envelope import HEX256

TUS_VERSION = "1.0.0"
OFFSET_STREAM = "application/offset+octet-stream"
MOST_DIGITS = 18


def _demand_handset_and_version() -> None:
    # OPTIONS only tells what is spoken here; tus asks it without a token and without a version.
    if request.method == "OPTIONS":
        return
    handset()
    if request.headers.get("Tus-Resumable") != TUS_VERSION:
        raise Problem("tus-version")
    # The upload's own length bounds its body, not the limit for JSON (None would mean the latter).
    request.max_content_length = settings().max_photo_bytes


blueprint = api_blueprint("uploads", guard=_demand_handset_and_version, url_prefix="/uploads", takes_json=False)
blueprints = (blueprint,)


@blueprint.after_request
def _speak_tus(response: Response) -> Response:
    response.headers["Tus-Resumable"] = TUS_VERSION
    if response.status_code == HTTPStatus.PRECONDITION_FAILED:
        response.headers["Tus-Version"] = TUS_VERSION
    return response


@blueprint.route("", methods=["OPTIONS"])
@blueprint.response(204)
def abilities() -> ResponseReturnValue:
    """Tell what this server speaks of tus."""
    headers = {
        "Tus-Version": TUS_VERSION,
        "Tus-Extension": "creation,creation-with-upload,expiration,checksum,termination",
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        "Tus-Max-Size": str(settings().max_photo_bytes),
    }
    return _bare(HTTPStatus.NO_CONTENT, headers)


@blueprint.post("")
@blueprint.response(201)
def create() -> ResponseReturnValue:
    """Open an upload; with a body, take the first bytes too."""
    length, sha256 = _declared_length(), _declared_sha256()
    expires_at = now() + timedelta(days=settings().upload_days)
    opened = handset().install_id, sha256, length, expires_at
    brings_bytes = request.mimetype == OFFSET_STREAM
    # With bytes the answer promises those, not the mere upload: they are committed after it, and take it to the disk.
    # Should none of them arrive, a crash may take back an address: the handset hears 404 there and opens another.
    record = jot if brings_bytes and request.content_length else transact
    with _Translated():
        state = record(uploads.create_upload, *opened, node=node_name())
        if state.status == "complete" and _is_lost(state):
            state = record(uploads.create_upload, *opened, again=True, node=node_name())
    if brings_bytes and state.status == "open":
        with _body() as body:
            state = upload_engine().take(state, body)
    place = url_for("uploads_api.part", upload_id=state.upload_id)
    headers = {"Location": place, "Upload-Offset": str(state.offset), "Upload-Expires": http_date(expires_at)}
    return _bare(HTTPStatus.CREATED, headers)


def _is_lost(finished: UploadState) -> bool:
    """Tell whether the store has lost what this install sent before: the handset may still hold it, so once more."""
    try:
        return finished.sha256 is not None and not blobs().exists(original_key(finished.sha256))
    except BlobUnavailable:
        return False


@blueprint.route("/<upload_id>", methods=["HEAD"], endpoint="part")
@blueprint.response(200)
def ask(upload_id: str) -> ResponseReturnValue:
    """Tell the durable offset; stops every writer before, so that the answer stays true."""
    return _told(upload_id)


def _told(upload_id: str) -> ResponseReturnValue:
    expires_at = _own(upload_id)
    with _Translated():
        state = upload_engine().head(upload_id)
    headers = {
        "Upload-Offset": str(state.offset),
        "Upload-Length": str(state.length),
        "Upload-Expires": http_date(expires_at),
        "Cache-Control": "no-store",
    }
    return _bare(HTTPStatus.OK, headers)


@blueprint.patch("/<upload_id>")
@blueprint.response(204)
def append(upload_id: str) -> ResponseReturnValue:
    """Take bytes from Upload-Offset on; 204 only when every promised byte is durable."""
    return _taken(upload_id)


@blueprint.delete("/<upload_id>")
@blueprint.response(204)
def terminate(upload_id: str) -> ResponseReturnValue:
    """Give an upload up; a complete one is a stored photograph and is refused."""
    return _terminated(upload_id)


@blueprint.post("/<upload_id>")
@blueprint.response(204)
def overridden(upload_id: str) -> ResponseReturnValue:
    """Take a PATCH, HEAD or DELETE from a client or a proxy that can only POST."""
    meant = _OVERRIDDEN.get(request.headers.get("X-HTTP-Method-Override", "").upper())
    if meant is None:
        allowed = ", ".join(_OVERRIDDEN)
        raise Problem("method-not-allowed", f"Only a POST with X-HTTP-Method-Override ({allowed}) is taken here.")
    return meant(upload_id)


def _terminated(upload_id: str) -> ResponseReturnValue:
    _own(upload_id)
    with _Translated():
        upload_engine().terminate(upload_id, reason="taken back by the handset")
    return _bare(HTTPStatus.NO_CONTENT, {})


def _taken(upload_id: str) -> ResponseReturnValue:
    if request.mimetype != OFFSET_STREAM:
        raise Problem("wrong-content-type", f"Send Content-Type: {OFFSET_STREAM}.")
    offset = _whole_number("Upload-Offset")
    if offset is None:
        raise Problem("bad-request", "Upload-Offset must be a whole number.")
    expires_at = _own(upload_id)
    state = _append(upload_id, offset)
    promised = request.content_length
    if promised is not None and state.offset < offset + promised:
        # What arrived is kept. The WSGI server ends a cut body as if it were whole: only the length tells.
        raise Problem("bad-request", f"The body ended early; {state.offset} bytes are durable.")
    headers = {"Upload-Offset": str(state.offset), "Upload-Expires": http_date(expires_at)}
    return _bare(HTTPStatus.NO_CONTENT, headers)


def _bare(status: HTTPStatus, headers: dict[str, str]) -> Response:
    """Return an answer that is all headers; an empty text would become a JSON document."""
    response = Response(status=status, headers=headers)
    del response.headers["Content-Type"]
    return response


_OVERRIDDEN: dict[str, Callable[[str], ResponseReturnValue]] = {
    "PATCH": _taken,
    "HEAD": _told,
    "DELETE": _terminated,
}


class _Translated:
    """Turns what the engine raises into problems of the catalogue."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        problem = _problem(error)
        if problem is not None:
            raise problem from error


_SLUGS: dict[type[Exception], str] = {
    UploadUnknown: "unknown-upload",
    OffsetMismatch: "wrong-offset",
    UploadFenced: "upload-taken-over",
    UploadComplete: "upload-complete",
    HashMismatch: "hash-mismatch",
    NotAnImage: "not-an-image",
    PhotoTooLarge: "photo-too-large",
    TooMuchData: "upload-too-long",
    BodyInterrupted: "bad-request",
    SpoolUnavailable: "store-unavailable",
    BlobUnavailable: "store-unavailable",
}


def _problem(error: BaseException | None) -> Problem | None:
    slug = next((slug for kind, slug in _SLUGS.items() if isinstance(error, kind)), None)
    match error:
        case _ if slug is None:
            return None
        case NotAnImage() | PhotoTooLarge():
            return Problem(slug, str(error))
        case BodyInterrupted():
            return Problem(slug, f"The body ended early; {error.state.offset} bytes are durable.")
        case OffsetMismatch() | TooMuchData():
            return Problem(slug, offset=error.state.offset)
        case SpoolUnavailable() | BlobUnavailable():
            return Problem(slug, retry_after=5)
        case _:
            return Problem(slug)


def _append(upload_id: str, offset: int) -> UploadState:
    with _body() as body:
        return upload_engine().append(upload_id, offset, body)


@contextmanager
def _body() -> Iterator[Iterator[bytes]]:
    checksum = request.headers.get("Upload-Checksum")
    # request.stream copies every byte twice to count them, and what is kept until it is proven must be counted; an
    # upload counts its own and takes no byte more than its length.
    stream = get_input_stream(request.environ) if checksum is None else request.stream
    arriving = pieces(stream.read)
    held = nullcontext(arriving) if checksum is None else proven(checksum, arriving, request.content_length)
    with _Translated(), held as body:
        yield body


def _own(upload_id: str) -> datetime:
    """Refuse another install's upload exactly like one that does not exist; return when it expires."""
    try:
        owner, expires_at = glance(uploads.owner_of, upload_id)
    except UploadUnknown as error:
        raise Problem("unknown-upload") from error
    if owner != handset().install_id:
        raise Problem("unknown-upload")
    return expires_at


def _declared_length() -> int:
    length, most = _whole_number("Upload-Length"), settings().max_photo_bytes
    if not length:
        raise Problem("bad-request", "Upload-Length must be the number of bytes, at least 1.")
    if length > most:
        raise Problem("photo-too-large", f"A photograph may have {most} bytes; this one has {length}.")
    return length


def _whole_number(header: str) -> int | None:
    """Return a header's number; Python refuses to read thousands of digits with an error of its own."""
    text = request.headers.get(header, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else None


def _declared_sha256() -> str | None:
    """Return the hash of Upload-Metadata; a stock client that sends none is served too."""
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        name, _, value = pair.strip().partition(" ")
        if name == "sha256":
            try:
                text = base64.b64decode(value, validate=True).decode("ascii")
            except ValueError:  # not ASCII, not base64, or not ASCII inside
                text = ""
            if not HEX256.fullmatch(text):
                raise Problem("bad-request", "sha256 in Upload-Metadata must be base64 of 64 lower-case hex digits.")
            return text
    return None
