"""The API of category schemes for desks: versions, their classes, the table out and a new version in."""

from typing import Any

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from server.db import read
from server.identity.rules import Permission
from server.problems import Problem, _
from server.standards.importing import NewVersion
from server.standards.scheme_answers import page_told, report_told
from server.standards.scheme_schemas import (
    CategoryClassesSchema,
    CategoryVersionsSchema,
    TableExportArgs,
    TableImportArgs,
    TableReportSchema,
)
from server.standards.scheme_transfer import XLSX, demand_reader, exported, imported
from server.standards.stored import VersionKey
from server.standards.versions import version_cards, version_page
from server.standards.workbook.opening import MOST_BYTES
from server.web import actor, api_blueprint, page_args

blueprint = api_blueprint("category_schemes", url_prefix="/category-schemes")
# Takes the table's own bytes instead of JSON.
uploads = api_blueprint("category_workbooks", url_prefix="/category-schemes", takes_json=False)
blueprints = (blueprint, uploads)


@blueprint.get("")
@blueprint.response(200, CategoryVersionsSchema)
def versions() -> dict[str, Any]:
    """List all loaded versions of category schemes."""
    demand_reader(actor())
    return {"versions": read(version_cards)}


@blueprint.get("/<scheme>/<version>/classes")
@blueprint.response(200, CategoryClassesSchema)
def classes(scheme: str, version: str) -> dict[str, Any]:
    """List the classes of a version with their conditions, limits and required photographs."""
    demand_reader(actor())
    after, limit = page_args()
    return page_told(read(version_page, VersionKey(scheme, version), after, limit))


@blueprint.get("/<scheme>/<version>/workbook")
@blueprint.arguments(TableExportArgs, location="query")
@blueprint.response(200, content_type=XLSX)
def export(asked: dict[str, str], scheme: str, version: str) -> Response:
    """Download a version as the table that can be imported again."""
    demand_reader(actor())
    return exported(VersionKey(scheme, version), asked["format"])


@uploads.put("/<scheme>/<version>/workbook")
@uploads.arguments(TableImportArgs, location="query")
@uploads.response(200, TableReportSchema)
def bring(asked: dict[str, Any], scheme: str, version: str) -> dict[str, Any]:
    """Import a table (the body: .xlsx or .csv) as a new version; good rows go in, bad rows are named."""
    me = actor()
    me.require_at_top(Permission.MANAGE_STANDARDS)
    new = NewVersion(VersionKey(scheme, version), asked["effective_from"], asked["source"])
    report = imported(me, new, _body(), dry_run=asked["dry_run"])
    return report_told(report, dry_run=asked["dry_run"])


def _body() -> bytes:
    # This door's own limit; the application's is for JSON and smaller.
    request.max_content_length = MOST_BYTES
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise Problem("body-too-large", _("A category table may have 5 MiB.")) from error
