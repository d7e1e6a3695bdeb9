"""Languages: zh-CN and English. Message ids are the English sentences; Chinese comes from translations/.

The language is the officer's choice, else the cookie's, else what Accept-Language asks for, else the setting.
"""

from babel import Locale
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, get_locale, gettext, lazy_gettext, ngettext

from server.current import settings

LOCALES = ("zh_Hans_CN", "en")
COOKIE = "lang"

__all__ = ["COOKIE", "LOCALES", "_", "current_locale", "init_i18n", "lazy_", "ngettext"]

_ = gettext
lazy_ = lazy_gettext


def init_i18n(app: Flask, *, timezone: str, locale: str) -> None:
    """Bind Babel to ``app``."""
    Babel(
        app,
        default_locale=locale,
        default_timezone=timezone,
        locale_selector=_choose,
        default_translation_directories="translations",
    )


def current_locale() -> str:
    """Return the language of the answer being made as an HTML ``lang`` value."""
    return "en" if str(get_locale() or settings().locale).startswith("en") else "zh-CN"


def _choose() -> str:
    if not has_request_context():
        return settings().locale
    chosen = getattr(g, "locale", None) or request.cookies.get(COOKIE)
    if chosen in LOCALES:
        return str(chosen)
    wanted = request.accept_languages.best_match(["zh-CN", "zh-Hans-CN", "zh", "en"])
    if wanted is None:
        return settings().locale
    return "en" if Locale.parse(wanted, sep="-").language == "en" else "zh_Hans_CN"
