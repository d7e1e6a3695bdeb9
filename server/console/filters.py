"""Jinja filters: identifiers as words, instants in the configured zone, sizes, places. Knows no subject's tables."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import format_timedelta
from markupsafe import Markup

from server.casework import labels as casework_labels
from server.casework.inbox import labels as inbox_labels
from server.casework.requests import labels as request_labels
from server.clock import now, stamp
from server.console.shell import shell
from server.current import settings
from server.evidence import labels as evidence_labels
from server.evidence.flag_labels import FLAGS, flag_reason
from server.gateway import labels as gateway_labels
from server.i18n import _, current_locale
from server.identity import labels as identity_labels

LABELS: dict[str, Mapping[str, Any]] = {
    "amended": casework_labels.AMENDED,
    "case_state": casework_labels.STATES,
    "link_state": casework_labels.LINK_STATES,
    "duplicate_action": casework_labels.DUPLICATE_ACTIONS,
    "notice_kind": inbox_labels.KINDS,
    "limit_stage": inbox_labels.LIMIT_STAGES,
    "request_kind": request_labels.KINDS,
    "request_state": request_labels.STATES,
    "case_action": casework_labels.ACTIONS,
    "case_source": casework_labels.SOURCES,
    "clock_unit": casework_labels.CLOCKS,
    "clock_pause": casework_labels.PAUSES,
    "case_event": {**casework_labels.EVENTS, **request_labels.EVENTS},
    "task_kind": casework_labels.TASK_KINDS,
    "task_status": casework_labels.TASK_STATUSES,
    "check_result": casework_labels.CHECK_RESULTS,
    "review_state": evidence_labels.REVIEW_STATES,
    "stage": evidence_labels.STAGES,
    "shot_role": evidence_labels.SHOT_ROLES,
    "photo_source": evidence_labels.SOURCES,
    "certainty": evidence_labels.CERTAINTIES,
    "disposal_state": evidence_labels.DISPOSAL_STATES,
    "flag_kind": FLAGS,
    "role": identity_labels.ROLES,
    "audit_subject": identity_labels.AUDIT_SUBJECTS,
    "item_state": gateway_labels.ITEM_STATES,
    "item_decision": gateway_labels.DECISIONS,
}
CRS_NAMES = {"wgs84": "WGS-84", "cgcs2000": "CGCS2000", "gcj02": "GCJ-02", "bd09": "BD-09"}
KIB = 1024
SECOND_MS = 1000
EARTH_M = 6_371_008.8


def register(app: Flask) -> None:
    """Give the templates their filters and the shell's variables."""
    for name, words in LABELS.items():
        app.add_template_filter(_worded(words), name)
    for filter_ in (moment, moment_of, ago, offset, filesize, place, crs_name, sentence, flag_reason):
        app.add_template_filter(filter_)
    app.add_template_global(metres_between)
    app.add_template_global(wording)
    app.context_processor(shell)


def _worded(words: Mapping[str, Any]) -> Any:  # noqa: ANN401 (Jinja takes any callable)
    # An identifier without a word shows itself: a newer handset may bring one.
    return lambda identifier: str(words.get(str(identifier), identifier))


def moment(value: datetime | None) -> Markup:
    """Show an instant to the second in the configured zone, machine-readable beside it; nothing for None."""
    if value is None:
        return Markup('<span class="soft">—</span>')
    local = value.astimezone(ZoneInfo(settings().timezone))
    return Markup('<time datetime="{}">{:%Y-%m-%d %H:%M:%S}</time>').format(stamp(value), local)


def moment_of(text: str) -> Markup:
    """Show an instant that a stored JSON holds as the wire writes it."""
    return moment(datetime.fromisoformat(text))


def ago(value: datetime) -> Markup:
    """Show how long ago an instant is, with the instant itself as title."""
    local = value.astimezone(ZoneInfo(settings().timezone))
    words = _("%(duration)s ago", duration=format_timedelta(now() - value))
    return Markup('<time datetime="{}" title="{:%Y-%m-%d %H:%M:%S}">{}</time>').format(stamp(value), local, words)


def offset(milliseconds: int) -> str:
    """Write how far a handset's clock is from ours: ``+3 s``, ``−2 h``; positive means the handset is ahead."""
    if abs(milliseconds) < SECOND_MS:
        return str(_("exact"))
    sign = "+" if milliseconds > 0 else "−"
    return f"{sign}{format_timedelta(timedelta(milliseconds=abs(milliseconds)))}"


def filesize(count: int) -> str:
    """Write a number of bytes in binary units with one digit: ``2.3 MiB``."""
    if count < KIB:
        return f"{count} B"
    power = min(int(math.log(count, KIB)), 3)
    return f"{count / KIB**power:.1f} {('', 'KiB', 'MiB', 'GiB')[power]}"


def place(point: tuple[float, float]) -> str:
    """Write (longitude, latitude) in degrees with six decimals (a decimetre)."""
    return f"{point[0]:.6f}°, {point[1]:.6f}°"


def crs_name(crs: str) -> str:
    """Return the usual spelling of a coordinate system's identifier."""
    return CRS_NAMES.get(crs, crs)


def sentence(text: str) -> str:
    """Return a stored English sentence in the reader's language, itself where the catalogue has none.

    Not the templates' own ``_``, which takes every text for a format: a stored one may hold a percent sign.
    """
    return str(_(text)) if text else text


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> int:
    """Return the great-circle distance of two (longitude, latitude) in metres, on a sphere: for showing only."""
    east = math.radians(other[0] - one[0]) * math.cos(math.radians((one[1] + other[1]) / 2))
    return round(EARTH_M * math.hypot(east, math.radians(other[1] - one[1])))


def wording(name: str | None, name_en: str | None, otherwise: str) -> str:
    """Return a standard's term in the reader's language; ``otherwise`` (its code) where no scheme names it."""
    return (name_en if current_locale() == "en" else name) or name or otherwise
