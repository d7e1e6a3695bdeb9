"""Words for casework's identifiers in the reader's language (message ids are the English words)."""

from typing import Any

from server.i18n import lazy_

STATES: dict[str, Any] = {
    "reported": lazy_("Reported"),
    "filed": lazy_("Filed"),
    "dispatched": lazy_("Dispatched"),
    "in_disposal": lazy_("In disposal"),
    "disposed": lazy_("Disposed"),
    "checking": lazy_("Being checked"),
    "closed": lazy_("Closed"),
    "self_handled": lazy_("Handled on the spot"),
}

# What a button of the desk says, in the imperative.
ACTIONS: dict[str, Any] = {
    "file": lazy_("File the case"),
    "dispatch": lazy_("Dispatch to a squad"),
    "send_check": lazy_("Send for checking"),
    "close": lazy_("Close the case"),
    "redo": lazy_("Send back to the squad"),
}

# What a line of the timeline says, in the past.
EVENTS: dict[str, Any] = {
    "report": lazy_("Reported from the field"),
    "file": lazy_("Filed"),
    "dispatch": lazy_("Dispatched"),
    "send_check": lazy_("Sent for checking"),
    "close": lazy_("Closed"),
    "redo": lazy_("Sent back to the squad"),
    "accept_task": lazy_("Task accepted by the squad"),
    "start_task": lazy_("Disposal started"),
    "finish_task": lazy_("Disposal reported done"),
    "decline_task": lazy_("Task declined by the squad"),
    "answer_check": lazy_("Check answered"),
    "late_answer": lazy_("Late answer kept, without effect"),
    "self_handled": lazy_("Found and fixed on the spot"),
    "evidence": lazy_("Photographs added"),
    "late_evidence": lazy_("Photographs added after the end"),
    "amend": lazy_("Corrected by the reporter"),
    "hold": lazy_("Legal hold placed"),
    "release_hold": lazy_("Legal hold released"),
    "late_amendment": lazy_("Late correction kept, without effect"),
}

TASK_KINDS: dict[str, Any] = {
    "disposal": lazy_("Disposal"),
    "disposal_check": lazy_("Check after disposal"),
}

TASK_STATUSES: dict[str, Any] = {
    "assigned": lazy_("Assigned"),
    "accepted": lazy_("Accepted by the squad"),
    "started": lazy_("Started"),
    "done": lazy_("Done"),
    "declined": lazy_("Declined"),
    "cancelled": lazy_("Cancelled"),
}

# What a correction may change.
AMENDED: dict[str, Any] = {
    "description": lazy_("Description"),
    "category": lazy_("Category"),
    "position": lazy_("Place"),
}

CHECK_RESULTS: dict[str, Any] = {
    "passed": lazy_("Check passed"),
    "failed": lazy_("Check failed"),
}
