"""Words for kinds of notices in the reader's language."""

from typing import Any

from server.i18n import lazy_

KINDS: dict[str, Any] = {
    "dispatched": lazy_("A case was dispatched to you"),
    "returned": lazy_("A unit returned a case"),
    "rework": lazy_("The disposal must be done again"),
    "disposed": lazy_("A unit reports the disposal done"),
    "review_result": lazy_("A check was answered"),
    "closed": lazy_("A case has ended"),
    "due_soon": lazy_("A time limit ends soon"),
    "overdue": lazy_("A time limit has passed"),
    "resumed": lazy_("A suspension is over"),
    "request_asked": lazy_("A request waits for a decision"),
    "request_decided": lazy_("A request was decided"),
    "reassigned": lazy_("Work was given to somebody else"),
    "merged": lazy_("A case was merged into another"),
}

# The stages that have a time limit of their own.
LIMIT_STAGES: dict[str, Any] = {
    "acceptance": lazy_("Acceptance"),
    "verification": lazy_("Verification"),
    "dispatch": lazy_("Dispatch"),
    "disposal": lazy_("Disposal"),
    "check": lazy_("Check"),
}
