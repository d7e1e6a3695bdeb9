"""The console's own blueprint and its guard; the modules beside it hang their pages on it."""

from flask import Blueprint

from server.web import login_guard

pages = Blueprint("console_pages", __name__)
pages.before_request(
    login_guard(
        open_to_all={"console_pages.login", "console_pages.sign_in", "console_pages.language"},
        before_password={"console_pages.account", "console_pages.change_password", "console_pages.logout"},
    )
)
