"""Words for the inbox's identifiers in the reader's language (message ids are the English words)."""

from typing import Any

from server.i18n import lazy_

ITEM_STATES: dict[str, Any] = {
    "quarantined": lazy_("In quarantine"),
    "conflict": lazy_("Second content of one id"),
}
