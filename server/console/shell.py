"""What every page shows around its content: the menu for this officer, language, texts for the script."""

from dataclasses import dataclass
from typing import Any

from flask import g

from server.casework.inbox.web import unread_here
from server.i18n import LOCALES, _, current_locale, lazy_
from server.identity.rules import Actor, Permission
from server.web import hindrance

LANGUAGE_NAMES = {"zh_Hans_CN": "中文", "en": "English"}


@dataclass(frozen=True)
class Entry:
    """One link of the menu, shown to whom its permission allows; None = everybody."""

    endpoint: str
    label: Any
    permission: Permission | None


@dataclass(frozen=True)
class Menu:
    """The links of one officer: the day's work, and what is set up or looked up now and then."""

    daily: tuple[Entry, ...]
    administration: tuple[Entry, ...]


DAILY = (
    Entry("console_pages.home", lazy_("Overview"), None),
    Entry("casework_pages.cases", lazy_("Cases"), Permission.READ_CASES),
    Entry("requests_pages.requests", lazy_("Requests"), Permission.READ_CASES),
    Entry("dispatching_pages.tasks", lazy_("Field tasks"), Permission.DISPATCH_CASE),
    Entry("duplicates_pages.duplicates", lazy_("Duplicates"), Permission.MERGE_CASES),
    Entry("console_pages.gallery", lazy_("Evidence"), Permission.READ_EVIDENCE),
    Entry("console_pages.missing", lazy_("Missing photos"), Permission.READ_EVIDENCE),
    Entry("identity_pages.handsets", lazy_("Handsets"), Permission.READ_FLEET),
    Entry("gateway_pages.quarantine", lazy_("Quarantine"), Permission.READ_QUARANTINE),
    Entry("alarm_pages.alarms", lazy_("Alarms"), Permission.READ_FLEET),
)
ADMINISTRATION = (
    Entry("dispatching_pages.responsibilities", lazy_("Responsibilities"), Permission.READ_CASES),
    Entry("scheme_pages.schemes", lazy_("Case standards"), Permission.MANAGE_STANDARDS),
    Entry("standards_pages.required_shots", lazy_("Required photos"), Permission.MANAGE_STANDARDS),
    Entry("calendar_pages.year", lazy_("Working calendar"), Permission.MANAGE_CALENDAR),
    Entry("geography_pages.layers", lazy_("Grids and areas"), Permission.READ_GEOGRAPHY),
    Entry("care_pages.retention_page", lazy_("Retention"), Permission.MANAGE_RETENTION),
    Entry("identity_pages.officers", lazy_("Officers"), Permission.READ_OFFICERS),
    Entry("administration_pages.agencies", lazy_("Agencies"), Permission.MANAGE_AGENCIES),
    Entry("audit_pages.audit", lazy_("Audit log"), Permission.READ_AUDIT),
)
# So few links need no folding: a click more would cost more than it saves.
_UNFOLDED = 7


def shell() -> dict[str, Any]:
    """Return the variables of templates/base.html."""
    actor: Actor | None = g.get("actor")
    return {
        "me": actor,
        "menu": None if actor is None or hindrance(actor) else menu_of(actor),
        "Permission": Permission,
        "lang": current_locale(),
        "other_languages": other_languages(),
        "script_texts": script_texts,
        "unread_here": unread_here,
    }


def menu_of(actor: Actor) -> Menu:
    """Return the menu's links that ``actor`` may follow; a short menu has all of them at hand."""
    daily, administration = allowed(DAILY, actor), allowed(ADMINISTRATION, actor)
    if len(daily) + len(administration) <= _UNFOLDED:
        return Menu((*daily, *administration), ())
    return Menu(daily, administration)


def allowed(entries: tuple[Entry, ...], actor: Actor) -> tuple[Entry, ...]:
    """Return those of ``entries`` that ``actor`` may follow."""
    return tuple(entry for entry in entries if entry.permission is None or actor.may(entry.permission))


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
