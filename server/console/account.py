"""Sign-in and out, the officer's own account, and the language."""

from datetime import timedelta
from http import HTTPStatus

from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user

from server.console import code_step
from server.console.pages import pages
from server.current import settings
from server.db import transact
from server.forms import field, go, local_path, tell, tell_problem
from server.i18n import COOKIE, LOCALES, _
from server.identity import admission
from server.identity.operations import sign_out_everywhere
from server.identity.operations.language import choose_locale
from server.identity.rules import Actor
from server.problems import Problem
from server.web import ConsoleUser, actor, signed_in


@pages.get("/login")
def login() -> ResponseReturnValue:
    """Show the sign-in form."""
    return render_template("console/login.html", login="")


@pages.post("/login")
def sign_in() -> ResponseReturnValue:
    """Open a console session, ask for a code first, or show the form again with what was wrong and the login kept."""
    login = field("login")
    following = local_path(request.args.get("next"), url_for("console_pages.home"))
    try:
        proof = admission.prove(login, request.form.get("password", ""), remote=remote(), chosen=settings())
        if proof.second_factor:
            code_step.await_code(login, proof)
            return go("console_pages.code", next=following)
        opened = admission.open_proved(proof, None, chosen=settings(), with_token=False)
    except Problem as problem:
        tell_problem(problem)
        return render_template("console/login.html", login=login), problem.kind.status
    return enter(opened, following)


@pages.get("/login/code")
def code() -> ResponseReturnValue:
    """Ask for the code of the second factor; the password was right a moment ago."""
    return render_template("console/code.html") if code_step.awaited() else go("console_pages.login")


@pages.post("/login/code")
def show_code() -> ResponseReturnValue:
    """Open a console session with the code, or ask for it again."""
    following = local_path(request.args.get("next"), url_for("console_pages.home"))
    try:
        proof = code_step.proof_again(remote=remote(), chosen=settings())
        opened = admission.open_proved(proof, field("code"), chosen=settings(), with_token=False)
    except Problem as problem:
        tell_problem(problem)
        if problem.slug in {"totp-required", "totp-wrong"}:
            return render_template("console/code.html"), problem.kind.status
        return go("console_pages.login")
    return enter(opened, following)


@pages.post("/logout")
def logout() -> ResponseReturnValue:
    """End this console session."""
    logout_user()
    return go("console_pages.login")


@pages.get("/account")
def account() -> ResponseReturnValue:
    """Show the officer's own account."""
    return render_template("console/account.html")


@pages.post("/account/password")
def change_password() -> ResponseReturnValue:
    """Change the officer's own password; this session goes on, all others end."""
    found = signed_in()
    try:
        old, new = request.form.get("old", ""), _new_password()
        generation = admission.change_password(found, old, new, remote=remote(), chosen=settings())
    except Problem as problem:
        tell_problem(problem)
    else:
        remember(found, generation)
        tell(_("Your password is changed. Every other session of yours has ended."))
    return go("console_pages.account")


@pages.post("/account/sign-out-everywhere")
def logout_everywhere() -> ResponseReturnValue:
    """End all sessions of the officer."""
    transact(sign_out_everywhere, actor().officer_id)
    logout_user()
    tell(_("You are signed out everywhere."))
    return go("console_pages.login")


@pages.post("/language")
def language() -> ResponseReturnValue:
    """Choose the language: for this browser, and for the account of who is signed in."""
    locale = field("locale")
    if locale not in LOCALES:
        raise Problem("validation", errors={"locale": [_("Choose one.")]})
    try:
        transact(choose_locale, signed_in().officer_id, locale)
    except Problem as problem:
        if problem.slug != "sign-in-required":
            raise
    response = redirect(local_path(field("next"), url_for("console_pages.home")), HTTPStatus.SEE_OTHER)
    response.set_cookie(
        COOKIE, locale, max_age=timedelta(days=365), samesite="Lax", httponly=True, secure=settings().production
    )
    return response


def enter(opened: admission.SignedIn, following: str) -> ResponseReturnValue:
    """Begin the officer's session and go to the page that was asked for."""
    # Nothing of the stranger's session goes over into the officer's.
    session.clear()
    remember(opened.actor, opened.generation)
    return redirect(following, HTTPStatus.SEE_OTHER)


def _new_password() -> str:
    new = request.form.get("new", "")
    if new != request.form.get("again"):
        raise Problem("validation", errors={"again": [_("The two new passwords differ.")]})
    return new


def remember(found: Actor, generation: int) -> None:
    """Write the session cookie of an officer."""
    login_user(ConsoleUser(found, generation))
    session.permanent = True


def remote() -> str:
    """Return the address that asks; attempts are counted by it."""
    return request.remote_addr or "unknown"
