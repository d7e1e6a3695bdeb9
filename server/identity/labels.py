"""Words for identity's identifiers in the reader's language (message ids are the English words)."""

from typing import Any

from server.i18n import lazy_

ROLES: dict[str, Any] = {
    "collector": lazy_("Information collector"),
    "enforcement_officer": lazy_("Enforcement officer"),
    "assistant": lazy_("Assistant"),
    "acceptance": lazy_("Acceptance operator"),
    "dispatcher": lazy_("Dispatcher"),
    "unit": lazy_("Disposal unit"),
    "supervisor": lazy_("Supervisor"),
    "reviewer": lazy_("Reviewer"),
    "system_admin": lazy_("System administrator"),
    "security_admin": lazy_("Security administrator"),
    "audit_admin": lazy_("Audit administrator"),
}
