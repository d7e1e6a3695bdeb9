"""Reads of identity, as frozen records: who is asking, and lists of officers, squads and handsets."""

from server.identity.queries.audit import AuditFilter, AuditRow, audit_actions, audit_entries
from server.identity.queries.callers import (
    SignInFacts,
    actor_by_session,
    actor_by_token,
    handset_by_credential,
    scopes_of,
    sign_in_facts,
)
from server.identity.queries.handsets import ShiftRow, latest_shifts, rotation_due
from server.identity.queries.lists import InstallRow, OfficerRow, SquadRow, installs, names, officers, squads
from server.identity.queries.roster import AgencyRow, GrantRow, OfficerCard, agencies, officer

__all__ = [
    "AgencyRow",
    "AuditFilter",
    "AuditRow",
    "GrantRow",
    "InstallRow",
    "OfficerCard",
    "OfficerRow",
    "ShiftRow",
    "SignInFacts",
    "SquadRow",
    "actor_by_session",
    "actor_by_token",
    "agencies",
    "audit_actions",
    "audit_entries",
    "handset_by_credential",
    "installs",
    "latest_shifts",
    "names",
    "officer",
    "officers",
    "rotation_due",
    "scopes_of",
    "sign_in_facts",
    "squads",
]
