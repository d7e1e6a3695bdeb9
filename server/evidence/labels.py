"""Words for evidence's identifiers in the reader's language (message ids are the English words)."""

from typing import Any

from server.i18n import lazy_

REVIEW_STATES: dict[str, Any] = {
    "unreviewed": lazy_("Unreviewed"),
    "accepted": lazy_("Accepted"),
    "returned": lazy_("Returned"),
}

STAGES: dict[str, Any] = {
    "report": lazy_("Report"),
    "disposal": lazy_("Disposal stage"),
    "check": lazy_("Check stage"),
}

SHOT_ROLES: dict[str, Any] = {
    "near": lazy_("Near view"),
    "far": lazy_("Far view"),
    "reference": lazy_("Reference view"),
    "before": lazy_("Before disposal"),
    "after": lazy_("After disposal"),
    "check": lazy_("At the check"),
}

SOURCES: dict[str, Any] = {
    "camera": lazy_("Taken with the camera"),
    "gallery": lazy_("Chosen from the phone's album"),
}

CERTAINTIES: dict[str, Any] = {
    "exact": lazy_("time exact"),
    "estimated": lazy_("time estimated"),
    "contradicted": lazy_("the clocks contradict each other"),
    "unknown": lazy_("time unknown"),
}

DISPOSAL_STATES: dict[str, Any] = {
    "proposed": lazy_("Proposed"),
    "approved": lazy_("Approved"),
    "refused": lazy_("Refused"),
    "executed": lazy_("Disposed of"),
}

# Offered in the return dialog; the squad reads them on its handset.
QUICK_REASONS: tuple[Any, ...] = (
    lazy_("Blurred or too dark"),
    lazy_("Does not show the problem"),
    lazy_("Another place than the report"),
    lazy_("Taken too far away"),
    lazy_("Shows a person or a number plate that must not be seen"),
)
