"""Words for casework's identifiers in the reader's language (message ids are the English words)."""

from typing import Any

from server.i18n import lazy_

STATES: dict[str, Any] = {
    "reported": lazy_("Reported"),
    "verifying": lazy_("Being verified"),
    "filed": lazy_("Filed"),
    "dispatched": lazy_("Dispatched"),
    "returned": lazy_("Returned by the unit"),
    "in_disposal": lazy_("In disposal"),
    "suspended": lazy_("Suspended"),
    "disposed": lazy_("Disposed"),
    "checking": lazy_("Being checked"),
    "rework": lazy_("To be done again"),
    "closed": lazy_("Closed"),
    "forced_closed": lazy_("Closed by force"),
    "rejected": lazy_("Rejected"),
    "merged": lazy_("Merged"),
    "self_handled": lazy_("Handled on the spot"),
}

# What a button of the desk says, in the imperative.
ACTIONS: dict[str, Any] = {
    "verify": lazy_("Have it verified on the spot"),
    "file": lazy_("File the case"),
    "reject": lazy_("Reject the report"),
    "dispatch": lazy_("Dispatch to a squad"),
    "accept": lazy_("Accept the case"),
    "return": lazy_("Return the case"),
    "dispose": lazy_("Report the disposal done"),
    "resume": lazy_("Resume the case"),
    "send_check": lazy_("Send for checking"),
    "close": lazy_("Close the case"),
    "redo": lazy_("Send back to the squad"),
}

# What a line of the timeline says, in the past.
EVENTS: dict[str, Any] = {
    "report": lazy_("Reported from the field"),
    "register": lazy_("Registered at a desk"),
    "verify": lazy_("Sent for verification"),
    "answer_verification": lazy_("Verification answered"),
    "file": lazy_("Filed"),
    "reject": lazy_("Rejected"),
    "accept": lazy_("Accepted by the unit"),
    "return": lazy_("Returned by the unit"),
    "dispose": lazy_("Disposal reported done by the unit"),
    "suspend": lazy_("Suspended"),
    "resume": lazy_("Resumed"),
    "force_close": lazy_("Closed by force"),
    "merge": lazy_("Merged into another case"),
    "undo_merge": lazy_("Parted from the other case"),
    "revisit": lazy_("Sent for a revisit"),
    "answer_revisit": lazy_("Revisit answered"),
    "reassign": lazy_("Task given to somebody else"),
    "withdraw_task": lazy_("Task withdrawn"),
    "determine": lazy_("Responsible unit determined"),
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
    "pre_filing_verification": lazy_("Verification before filing"),
    "disposal": lazy_("Disposal"),
    "disposal_check": lazy_("Check after disposal"),
    "revisit": lazy_("Revisit"),
    "patrol": lazy_("Patrol"),
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
    "confirmed": lazy_("Confirmed on the spot"),
    "not_found": lazy_("Not found on the spot"),
}

# How a problem came to the city's knowledge.
SOURCES: dict[str, Any] = {
    "handset": lazy_("Officer in the field"),
    "hotline": lazy_("Hotline"),
    "video": lazy_("Video"),
    "leader": lazy_("Instruction of a leader"),
    "media": lazy_("Media"),
    "visit": lazy_("Visit to the office"),
    "transferred": lazy_("Transferred by another body"),
    "desk": lazy_("Own knowledge of the desk"),
}

CLOCKS: dict[str, Any] = {
    "emergency_hour": lazy_("emergency hours"),
    "work_hour": lazy_("work hours"),
    "work_day": lazy_("work days"),
    "natural_day": lazy_("natural days"),
}

# What holds a clock.
PAUSES: dict[str, Any] = {
    "verifying": lazy_("being verified"),
    "returned": lazy_("returned by the unit"),
    "suspended": lazy_("suspended"),
    "checking": lazy_("reported done, then sent back"),
    "merged": lazy_("merged into another case"),
}

LINK_STATES: dict[str, Any] = {
    "proposed": lazy_("Likely duplicate"),
    "attached": lazy_("Merged"),
    "undone": lazy_("Parted again"),
    "dismissed": lazy_("Dismissed"),
    "outdated": lazy_("Outdated"),
}

DUPLICATE_ACTIONS: dict[str, Any] = {
    "attach": lazy_("Merged by itself"),
    "propose": lazy_("Proposed to the desk"),
    "off": lazy_("Left alone"),
}
