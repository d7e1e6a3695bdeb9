"""What every page shows around its content: the menu for this officer, language, texts for the script."""

from dataclasses import dataclass
from typing import Any

from flask import g

from server.i18n import LOCALES, _, current_locale, lazy_
from server.identity.rules import Actor, Permission

LANGUAGE_NAMES = {"zh_Hans_CN": "中文", "en": "English"}


@dataclass(frozen=True)
class Entry:
    """One link of the menu, shown to whom its permission allows; None = everybody."""

    endpoint: str
    label: Any
    permission: Permission | None


MENU = (
    Entry("console_pages.home", lazy_("Overview"), None),
    Entry("casework_pages.cases", lazy_("Cases"), Permission.READ_CASES),
    Entry("console_pages.gallery", lazy_("Evidence"), Permission.READ_EVIDENCE),
    Entry("console_pages.missing", lazy_("Missing photos"), Permission.READ_EVIDENCE),
    Entry("identity_pages.handsets", lazy_("Handsets"), Permission.READ_FLEET),
    Entry("gateway_pages.quarantine", lazy_("Quarantine"), Permission.READ_QUARANTINE),
    Entry("alarm_pages.alarms", lazy_("Alarms"), Permission.READ_FLEET),
    Entry("standards_pages.required_shots", lazy_("Required photos"), Permission.MANAGE_STANDARDS),
    Entry("care_pages.retention_page", lazy_("Retention"), Permission.MANAGE_RETENTION),
    Entry("identity_pages.officers", lazy_("Officers"), Permission.READ_OFFICERS),
)


def shell() -> dict[str, Any]:
    """Return the variables of templates/base.html."""
    actor: Actor | None = g.get("actor")
    return {
        "me": actor,
        "menu": () if actor is None or actor.must_change_password else menu_of(actor),
        "Permission": Permission,
        "lang": current_locale(),
        "other_languages": other_languages(),
        "script_texts": script_texts,
    }


def menu_of(actor: Actor) -> tuple[Entry, ...]:
    """Return the menu's links that ``actor`` may follow."""
    return tuple(entry for entry in MENU if entry.permission is None or actor.may(entry.permission))


def other_languages() -> list[tuple[str, str]]:
    """Return (locale, its own name) of every language except the page's."""
    here = "en" if current_locale() == "en" else "zh_Hans_CN"
    return [(locale, LANGUAGE_NAMES[locale]) for locale in LOCALES if locale != here]


def script_texts() -> dict[str, str]:
    """Return the texts of frontend/src, which has none of its own."""
    return {
        "network": _("The server cannot be reached. Nothing was saved; try again."),
        "failed": _("The server refused"),
        "gallery.all_reviewed": _("Every photograph on this page is reviewed."),
        "lightbox.title": _("Large view"),
        "lightbox.previous": _("Previous"),
        "lightbox.next": _("Next"),
        "lightbox.close": _("Close"),
        "return.reason": _("Why is this photograph returned?"),
        "return.send": _("Return it"),
        "return.cancel": _("Cancel"),
    }
