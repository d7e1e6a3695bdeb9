"""A table in and out, as the API and the pages of category schemes share it."""

from flask import Response

from server.db import read, transact
from server.identity.rules import Actor, Permission
from server.problems import Problem
from server.standards.importing import NewVersion, follow, import_version
from server.standards.stored import VersionKey, content_of, known
from server.standards.workbook.interpreting import Report, interpret
from server.standards.workbook.opening import open_table
from server.standards.workbook.writing import to_csv, to_xlsx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def demand_reader(me: Actor) -> None:
    """Demand a desk or an administrator of standards; raises forbidden."""
    if not me.may(Permission.MANAGE_STANDARDS):
        me.require(Permission.READ_CASES)


def imported(me: Actor, new: NewVersion, content: bytes, *, dry_run: bool) -> Report:
    """Read a table and store it as a new version, for ``dry_run`` only as far as nothing is written."""
    report = interpret(open_table(content))
    if dry_run:
        read(follow, new, report.content, has_photos=report.has_photos)
    else:
        transact(import_version, me, new, report.content, has_photos=report.has_photos)
    return report


def exported(key: VersionKey, form: str) -> Response:
    """Return a version as a file to download; raises not-found."""
    if not read(known, key):
        raise Problem("not-found")
    content = read(content_of, key)
    answer = (
        Response(to_csv(content), mimetype="text/csv") if form == "csv" else Response(to_xlsx(content), mimetype=XLSX)
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="{key.scheme}-{key.version}.{form}"'
    return answer
