"""Verbs of identity, one module per noun. None of them hashes a password: see server/identity/admission.py."""

from server.identity.operations.accounts import (
    change_password,
    deactivate,
    may_administer,
    reactivate,
    reset_password,
)
from server.identity.operations.attempts import count_failure, enrolment_keys, ensure_allowed, refuse, sign_in_keys
from server.identity.operations.bearers import Bearer
from server.identity.operations.codes import IssuedCode, PublicKey, create_enrolment_code
from server.identity.operations.credentials import name_next_credential, promote_credential
from server.identity.operations.enrolment import Enrolled, KeyOffer, enrol
from server.identity.operations.grants import RoleAt, grant_role, revoke_role
from server.identity.operations.handsets import note_report, revoke
from server.identity.operations.joining import Joining, join
from server.identity.operations.people import OfficerFacts, add_officer, change_officer
from server.identity.operations.presence import Presence, renew_session
from server.identity.operations.roster import NewAgency, NewOfficer, create_agency, create_officer, create_squad
from server.identity.operations.sessions import Opened, Proof, open_session, sign_out, sign_out_everywhere
from server.identity.operations.shifts import OnShift
from server.identity.operations.shown_codes import ShownCode
from server.identity.operations.tree import add_agency, add_squad, rename_agency, rename_squad

__all__ = [
    "Bearer",
    "Enrolled",
    "IssuedCode",
    "Joining",
    "KeyOffer",
    "NewAgency",
    "NewOfficer",
    "OfficerFacts",
    "OnShift",
    "Opened",
    "Presence",
    "Proof",
    "PublicKey",
    "RoleAt",
    "ShownCode",
    "add_agency",
    "add_officer",
    "add_squad",
    "change_officer",
    "change_password",
    "count_failure",
    "create_agency",
    "create_enrolment_code",
    "create_officer",
    "create_squad",
    "deactivate",
    "enrol",
    "enrolment_keys",
    "ensure_allowed",
    "grant_role",
    "join",
    "may_administer",
    "name_next_credential",
    "note_report",
    "open_session",
    "promote_credential",
    "reactivate",
    "refuse",
    "rename_agency",
    "rename_squad",
    "renew_session",
    "reset_password",
    "revoke",
    "revoke_role",
    "sign_in_keys",
    "sign_out",
    "sign_out_everywhere",
]
