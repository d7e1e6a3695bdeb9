"""The API of the audit log: pages of entries, and all of them as CSV. Each reading is itself noted."""

from typing import Any

from flask import Response, stream_with_context

from server.db import read, transact
from server.identity.administration_schemas import AuditPageSchema, AuditQuerySchema
from server.identity.audit_export import DOWNLOAD, csv_of
from server.identity.audit_reading import note_reading
from server.identity.queries import AuditFilter, AuditRow, audit_entries
from server.keyset import Page
from server.web import actor, api_blueprint, page_args

audit = api_blueprint("audit")
blueprints = (audit,)


@audit.get("/audit")
@audit.arguments(AuditQuerySchema, location="query")
@audit.response(200, AuditPageSchema)
def entries(filters: dict[str, Any]) -> Page[AuditRow]:
    """List the audit log of the actor's agencies, newest first."""
    wanted = AuditFilter(**filters)
    after, limit = page_args()
    scope = transact(note_reading, actor(), wanted)
    return read(audit_entries, scope, wanted, after, limit)


@audit.get("/audit.csv")
@audit.arguments(AuditQuerySchema, location="query")
@audit.response(200, content_type="text/csv")
def export(filters: dict[str, Any]) -> Response:
    """Return all entries under the filters as CSV."""
    wanted = AuditFilter(**filters)
    scope = transact(note_reading, actor(), wanted, "audit_exported")
    lines = stream_with_context(csv_of(scope, wanted))
    return Response(lines, mimetype="text/csv", headers=DOWNLOAD)
