"""The console's own blueprint and its guard; the modules beside it hang their pages on it."""

from flask import Blueprint

from server.web import login_guard

OWN_ACCOUNT = {"console_pages.account", "console_pages.change_password", "console_pages.logout"}
pages = Blueprint("console_pages", __name__)
pages.before_request(
    login_guard(
        open_to_all={
            "console_pages.login",
            "console_pages.sign_in",
            "console_pages.code",
            "console_pages.show_code",
            "console_pages.language",
        },
        before_password=OWN_ACCOUNT,
        before_factor=OWN_ACCOUNT
        | {"console_pages.second_factor", "console_pages.begin_factor", "console_pages.confirm_factor"},
    )
)
