"""The answer that carries a bundle: whatever can fail fails before its first byte, as a problem."""

from uuid import UUID

from flask import Response

from photo_store.blobs import BlobError
from server.identity.rules import Actor, Permission
from server.logs import log
from server.problems import Problem

RETRY_AFTER_S = 5


def send_bundle(case_id: UUID, me: Actor) -> Response:
    """Stream a case's bundle to an officer who may export it.

    Raises forbidden, not-found, store-unavailable, bundle-unavailable. A store that fails while bytes are sent breaks
    the connection off: half a bundle is no ZIP file.
    """
    # Fonts, PDF and ZIP cost every web process half a second to load, and few bundles are ever made.
    from server.casework.bundle.documents import Maker  # noqa: PLC0415 (see above)
    from server.casework.bundle.export import prepare  # noqa: PLC0415 (the same)
    from server.casework.bundle.log_document import LogUnsigned  # noqa: PLC0415 (the same)
    from server.casework.bundle.sheet import FontMissing  # noqa: PLC0415 (the same)
    from server.ledger.custody.log_key import LogKeyError  # noqa: PLC0415 (the same)
    from server.ledger.custody.sequencer import LogNotOpen  # noqa: PLC0415 (the same)
    from server.ledger.custody.tree import NodeMissing  # noqa: PLC0415 (the same)

    scope = me.require(Permission.EXPORT_EVIDENCE)
    try:
        made = prepare(case_id, scope, Maker(me.officer_id, me.name))
    except BlobError as error:
        log.error("bundle-without-store", case_id=str(case_id), error=str(error))
        raise Problem("store-unavailable", retry_after=RETRY_AFTER_S) from error
    except (FontMissing, LogUnsigned, LogNotOpen, LogKeyError, NodeMissing, OSError) as error:
        log.error("bundle-unavailable", case_id=str(case_id), error=str(error))
        raise Problem("bundle-unavailable", str(error)) from error
    response = Response(made.chunks, mimetype="application/zip", direct_passthrough=True)
    response.content_length = made.size
    response.headers.set("Content-Disposition", "attachment", filename=made.name)
    response.cache_control.no_store = True
    return response
