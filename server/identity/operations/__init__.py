"""Verbs of identity, one module per noun. None of them hashes a password: see server/identity/admission.py."""

from server.identity.operations.accounts import (
    change_password,
    deactivate,
    may_administer,
    reactivate,
    reset_password,
)
from server.identity.operations.attempts import count_failure, enrolment_keys, ensure_allowed, sign_in_keys
from server.identity.operations.enrolment import Enrolled, IssuedCode, KeyOffer, create_enrolment_code, enrol
from server.identity.operations.handsets import note_report, revoke
from server.identity.operations.roster import NewAgency, NewOfficer, create_agency, create_officer, create_squad
from server.identity.operations.sessions import Opened, Proof, open_session, sign_out, sign_out_everywhere

__all__ = [
    "Enrolled",
    "IssuedCode",
    "KeyOffer",
    "NewAgency",
    "NewOfficer",
    "Opened",
    "Proof",
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
    "may_administer",
    "note_report",
    "open_session",
    "reactivate",
    "reset_password",
    "revoke",
    "sign_in_keys",
    "sign_out",
    "sign_out_everywhere",
]
