"""Words for requests in the reader's language."""

from typing import Any

from server.i18n import lazy_

KINDS: dict[str, Any] = {
    "extension": lazy_("Extension"),
    "suspension": lazy_("Suspension"),
    "appeal": lazy_("Appeal against lateness"),
    "force_close": lazy_("Forced close"),
}

STATES: dict[str, Any] = {
    "open": lazy_("Waits for a decision"),
    "approved": lazy_("Approved"),
    "rejected": lazy_("Refused"),
    "withdrawn": lazy_("Withdrawn"),
}

# What a line of the timeline says, in the past.
EVENTS: dict[str, Any] = {
    "extension_asked": lazy_("Extension asked for"),
    "extension_approved": lazy_("Extension approved"),
    "extension_rejected": lazy_("Extension rejected"),
    "extension_withdrawn": lazy_("Extension no longer asked for"),
    "suspension_asked": lazy_("Suspension asked for"),
    "suspension_approved": lazy_("Suspension approved"),
    "suspension_rejected": lazy_("Suspension rejected"),
    "suspension_withdrawn": lazy_("Suspension no longer asked for"),
    "appeal_asked": lazy_("Appealed against lateness"),
    "appeal_reviewed": lazy_("Appeal approved by the first review"),
    "appeal_approved": lazy_("Appeal approved: exempt from the statistics"),
    "appeal_rejected": lazy_("Appeal rejected"),
    "appeal_withdrawn": lazy_("Appeal withdrawn"),
    "force_close_asked": lazy_("Forced close proposed"),
    "force_close_approved": lazy_("Forced close confirmed"),
    "force_close_rejected": lazy_("Forced close rejected"),
    "force_close_withdrawn": lazy_("Forced close no longer proposed"),
    "overdue": lazy_("Time limit passed"),
}
