"""The officer's own second factor at the console: set up with a QR code, confirmed with a first code, removed."""

import segno
from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from server.console.account import remember
from server.console.pages import pages
from server.current import settings
from server.forms import field, go, tell, tell_problem
from server.i18n import _
from server.identity import factor_admission
from server.problems import Problem
from server.web import remote, signed_in


@pages.get("/account/second-factor")
def second_factor() -> ResponseReturnValue:
    """Show whether a second factor is set up, and the form that begins or removes it."""
    return render_template("console/second_factor.html", fresh=None)


@pages.post("/account/second-factor")
def begin_factor() -> ResponseReturnValue:
    """Make a fresh secret and show it once, as QR code and text, with the form for its first code."""
    try:
        password = request.form.get("password", "")
        fresh = factor_admission.begin_setup(signed_in(), password, remote=remote(), chosen=settings())
    except Problem as problem:
        tell_problem(problem)
        return go("console_pages.second_factor")
    drawing = segno.make(fresh.uri, micro=False).svg_inline(border=4, svgclass="qr", omitsize=True)
    picture = Markup(drawing)  # noqa: S704 (drawn here: bars only, no text of anybody)
    return _once(render_template("console/second_factor.html", fresh=fresh, picture=picture))


@pages.post("/account/second-factor/confirm")
def confirm_factor() -> ResponseReturnValue:
    """Put the secret into use, and show the recovery codes once."""
    try:
        codes = factor_admission.confirm_setup(signed_in(), field("code"), chosen=settings())
    except Problem as problem:
        tell_problem(problem)
        return go("console_pages.second_factor")
    return _once(render_template("console/recovery_codes.html", codes=codes))


@pages.post("/account/second-factor/remove")
def remove_factor() -> ResponseReturnValue:
    """Remove the second factor against a code of it; this session goes on, all others end."""
    me = signed_in()
    try:
        password = request.form.get("password", "")
        generation = factor_admission.remove(me, password, field("code"), remote=remote(), chosen=settings())
    except Problem as problem:
        tell_problem(problem)
    else:
        remember(me, generation)
        tell(_("The second factor is removed. Set up the next one."))
    return go("console_pages.second_factor")


def _once(page: str) -> Response:
    """Answer a form with a page that no cache keeps: it shows a secret."""
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response
