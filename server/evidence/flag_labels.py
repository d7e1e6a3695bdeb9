"""Words for flags in the reader's language: a short label, and the reason as one sentence (message ids are English)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from server.evidence.flag_rules import Flag
from server.i18n import _, lazy_, ngettext

FLAGS: dict[str, Any] = {
    "same_picture": lazy_("Used before"),
    "after_older_than_before": lazy_("Older than the photo before"),
    "far_from_case": lazy_("Far from the case"),
    "embedded_thumbnail_differs": lazy_("Edited after it was taken"),
    "screenshot_like": lazy_("Perhaps a screenshot"),
    "from_gallery": lazy_("From the album"),
    "clock_uncertain": lazy_("Time uncertain"),
    "similar_place": lazy_("Perhaps a known place"),
    "reviewer": lazy_("Flagged by a reviewer"),
}


def flag_reason(flag: Flag) -> str:
    """Say why a flag was raised; a kind that a newer server raised shows its label only."""
    words = _REASONS.get(flag.kind)
    return "" if words is None else str(words(flag.facts))


def _same_picture(facts: Mapping[str, Any]) -> object:
    if not facts["cases"]:
        return _("This is the picture from before the disposal.")
    if facts["same_file"]:
        return ngettext(
            "The same file stands on %(num)s other case.",
            "The same file stands on %(num)s other cases.",
            facts["cases"],
        )
    return ngettext(
        "The same picture stands on %(num)s other case.",
        "The same picture stands on %(num)s other cases.",
        facts["cases"],
    )


def _older(facts: Mapping[str, Any]) -> object:
    after, before = (f"{datetime.fromisoformat(facts[name]):%Y-%m-%d %H:%M}" for name in ("after", "before"))
    if facts["by"] == "exif":
        return _("By its file it was taken on %(after)s, the one before on %(before)s.", after=after, before=before)
    gap = datetime.fromisoformat(facts["before"]) - datetime.fromisoformat(facts["after"])
    minutes = round(gap.total_seconds() / 60)
    return ngettext(
        "It was taken %(num)s minute earlier than the photo before.",
        "It was taken %(num)s minutes earlier than the photo before.",
        minutes,
    )


def _far(facts: Mapping[str, Any]) -> object:
    if facts["by"] == "exif":
        return _("The place in the file is %(metres)s m away from the case.", metres=facts["metres"])
    return _("The handset was %(metres)s m away from the case.", metres=facts["metres"])


def _screenshot(facts: Mapping[str, Any]) -> object:
    if facts["by"] == "software":
        return _("The file names the program %(software)s.", software=facts["software"])
    size = f"{facts['width']} × {facts['height']}"
    return _("No camera is named, and %(size)s is the size of a screen.", size=size)


def _clock(facts: Mapping[str, Any]) -> object:
    if facts["certainty"] == "contradicted":
        return _("Other facts speak against the time of capture.")
    return _("The time of capture could not be corrected.")


_REASONS: dict[str, Callable[[Mapping[str, Any]], object]] = {
    "same_picture": _same_picture,
    "after_older_than_before": _older,
    "far_from_case": _far,
    "embedded_thumbnail_differs": lambda _facts: _("The thumbnail inside the file shows something else."),
    "screenshot_like": _screenshot,
    "from_gallery": lambda _facts: _("It was chosen from the phone's album, not taken with the app's camera."),
    "clock_uncertain": _clock,
    "similar_place": lambda facts: ngettext(
        "%(num)s other case may show the same place.", "%(num)s other cases may show the same place.", facts["cases"]
    ),
    "reviewer": lambda facts: str(facts.get("reason") or ""),
}
