"""Console pages of category schemes: the loaded versions, what one of them says, and the import of a city's table."""

from contextlib import closing
from datetime import date
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from server.db import read
from server.forms import field, tell, tell_problem
from server.i18n import _
from server.identity.rules import Permission
from server.problems import Problem
from server.standards.importing import NewVersion
from server.standards.in_force import today
from server.standards.limit_labels import STAGES, limit_words
from server.standards.scheme_answers import report_told
from server.standards.scheme_transfer import demand_reader, exported, imported
from server.standards.stored import VersionKey
from server.standards.versions import version_cards, version_page
from server.standards.workbook.opening import MOST_BYTES
from server.web import MOST_ROWS, actor, console_pages

pages = console_pages("scheme")
# The form's other fields and the seams between them.
_SLACK = 64 * 1024
_LONGEST_NAME = 200


@pages.url_value_preprocessor
def admit_workbooks(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Raise the limit of the body for the one form that carries a file, before anything reads its fields."""
    if endpoint == "scheme_pages.bring":
        request.max_content_length = MOST_BYTES + _SLACK


@pages.get("/standards/schemes")
def schemes() -> ResponseReturnValue:
    """Show the loaded versions and the form that brings another."""
    demand_reader(actor())
    return _listing(None)


@pages.post("/standards/schemes")
def bring() -> ResponseReturnValue:
    """Import a table as a new version, or only say what would become of it; the report stands above the form."""
    me = actor()
    me.require_at_top(Permission.MANAGE_STANDARDS)
    dry_run = bool(field("dry_run"))
    try:
        name, content = _file()
        new = NewVersion(VersionKey(field("scheme"), field("version")), _day(), name)
        report = report_told(imported(me, new, content, dry_run=dry_run), dry_run=dry_run)
    except Problem as problem:
        tell_problem(problem)
        missing = problem.members.get("missing", [])
        return _listing({"missing": missing} if missing else None)
    if not dry_run:
        tell(_("The new version is loaded."))
    return _listing(report)


@pages.get("/standards/schemes/<scheme>/<version>")
def version(scheme: str, version: str) -> ResponseReturnValue:
    """Show the classes of a version with their conditions and limits."""
    demand_reader(actor())
    after = request.args.get("after") or None
    found = read(version_page, VersionKey(scheme, version), after, MOST_ROWS)
    return render_template(
        "standards/version.html",
        scheme=scheme,
        version=version,
        page=found,
        stage_words=STAGES,
        limit_words=limit_words,
    )


@pages.get("/standards/schemes/<scheme>/<version>/table.<form>")
def download(scheme: str, version: str, form: str) -> ResponseReturnValue:
    """Download a version as .xlsx or .csv."""
    demand_reader(actor())
    if form not in {"xlsx", "csv"}:
        raise Problem("not-found")
    return exported(VersionKey(scheme, version), form)


def _listing(report: dict[str, Any] | None) -> ResponseReturnValue:
    return render_template(
        "standards/schemes.html",
        versions=read(version_cards),
        report=report,
        today=today(),
        may_import=actor().may(Permission.MANAGE_STANDARDS),
    )


def _file() -> tuple[str, bytes]:
    """Return the name and the content of the chosen file; raises validation."""
    file = request.files.get("file")
    if file is None:
        raise Problem("validation", errors={"file": [_("Choose a file.")]})
    # A large one lies in a temporary file.
    with closing(file):
        content = file.read()
    if not content:
        raise Problem("validation", errors={"file": [_("Choose a file.")]})
    return (file.filename or "")[:_LONGEST_NAME], content


def _day() -> date:
    try:
        return date.fromisoformat(field("effective_from"))
    except ValueError as error:
        raise Problem("validation", errors={"effective_from": [_("Choose a day.")]}) from error
