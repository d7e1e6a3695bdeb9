"""Console pages of officers and handsets. Secrets (temporary password, code) are shown once, never flashed."""

from uuid import UUID

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from server.clock import now
from server.current import settings
from server.db import read, transact
from server.forms import go, tell, tell_problem
from server.i18n import _
from server.identity import admission, operations, queries
from server.identity.invitation import enrolment_link, picture
from server.identity.rules import FIELD_ROLES, Permission
from server.problems import Problem
from server.web import actor, console_pages, page_args, public_address

pages = console_pages("identity")


@pages.get("/officers")
def officers() -> ResponseReturnValue:
    """List the officers of the actor's agencies by login."""
    scope = actor().require(Permission.READ_OFFICERS)
    after, limit = page_args()
    role = request.args.get("role") or None
    rows = read(queries.officers, scope, role=role, after=after, limit=limit + 1)
    following = rows[limit - 1].login if len(rows) > limit else None
    return render_template(
        "identity/officers.html", officers=rows[:limit], next=following, role=role, field_roles=FIELD_ROLES
    )


@pages.post("/officers/<uuid:officer_id>/reset-password")
def reset_password(officer_id: UUID) -> ResponseReturnValue:
    """Give an officer a temporary password and show it once."""
    try:
        made = admission.reset_password(actor(), officer_id, chosen=settings())
    except Problem as problem:
        tell_problem(problem)
        return go("identity_pages.officers")
    return _once(render_template("identity/password.html", made=made))


@pages.post("/officers/<uuid:officer_id>/deactivate")
def deactivate(officer_id: UUID) -> ResponseReturnValue:
    """Close an account."""
    try:
        transact(operations.deactivate, actor(), officer_id)
        tell(_("The account is closed and its sessions have ended. Its evidence keeps naming it."))
    except Problem as problem:
        tell_problem(problem)
    return go("identity_pages.officers")


@pages.post("/officers/<uuid:officer_id>/reactivate")
def reactivate(officer_id: UUID) -> ResponseReturnValue:
    """Open a closed account again."""
    try:
        transact(operations.reactivate, actor(), officer_id)
        tell(_("The account is open again, with the password it had."))
    except Problem as problem:
        tell_problem(problem)
    return go("identity_pages.officers")


@pages.post("/officers/<uuid:officer_id>/enrolment-code")
def enrolment_code(officer_id: UUID) -> ResponseReturnValue:
    """Issue a code for enrolling a handset and show it once, as text and as QR code."""
    try:
        issued = transact(operations.create_enrolment_code, actor(), officer_id)
    except Problem as problem:
        tell_problem(problem)
        return go("identity_pages.officers")
    server = public_address()
    link = enrolment_link(server, issued.code)
    drawing = Markup(picture(link).svg_inline(border=4, svgclass="qr", omitsize=True))  # noqa: S704 (drawn here: bars only, no text of anybody)
    return _once(render_template("identity/code.html", issued=issued, server=server, link=link, picture=drawing))


@pages.get("/handsets")
def handsets() -> ResponseReturnValue:
    """List the enrolled handsets with what each last said of itself."""
    scope = actor().require(Permission.READ_FLEET)
    after, limit = page_args()
    rows = read(queries.installs, scope, after=after, limit=limit + 1)
    following = str(rows[limit - 1].id) if len(rows) > limit else None
    shifts = read(queries.latest_shifts, [row.id for row in rows[:limit]])
    return render_template("identity/handsets.html", handsets=rows[:limit], shifts=shifts, next=following, moment=now())


@pages.post("/handsets/<uuid:install_id>/revoke")
def revoke(install_id: UUID) -> ResponseReturnValue:
    """Revoke a handset: it gets nothing any more; what it recorded before still comes in, into quarantine."""
    try:
        transact(operations.revoke, actor(), install_id, settings().revoked_grace)
        tell(_("The handset is revoked. What it recorded before still comes in, into quarantine."))
    except Problem as problem:
        tell_problem(problem)
    return go("identity_pages.handsets")


def _once(page: str) -> Response:
    """Answer a form with a page that no cache keeps: it shows a secret."""
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response
