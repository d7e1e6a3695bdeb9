"""Words for the inbox's identifiers in the reader's language (message ids are the English words)."""

from typing import Any

from server.i18n import lazy_

ITEM_STATES: dict[str, Any] = {
    "quarantined": lazy_("In quarantine"),
    "conflict": lazy_("Second content of one id"),
    "applied": lazy_("Applied"),
    "waiting": lazy_("Waiting"),
    "superseded": lazy_("Kept without effect"),
}

# What people decided about an item, in the past.
DECISIONS: dict[str, Any] = {
    "repaired": lazy_("Repaired"),
    "replayed": lazy_("Applied again"),
    "discard_proposed": lazy_("Discarding proposed"),
    "discard_withdrawn": lazy_("Proposal taken back"),
    "discarded": lazy_("Discarded"),
}
