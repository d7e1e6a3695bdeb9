"""Verbs of identity, one module per noun. None of them hashes a password: see server/identity/admission.py."""

from server.identity.operations.accounts import (
    change_password,
    deactivate,
    may_administer,
    reactivate,
    reset_password,
)
from server.identity.operations.attempts import count_failure, enrolment_keys, ensure_allowed, sign_in_keys
from server.identity.operations.bearers import Bearer
from server.identity.operations.codes import IssuedCode, PublicKey, create_enrolment_code
from server.identity.operations.credentials import name_next_credential, promote_credential
from server.identity.operations.enrolment import Enrolled, KeyOffer, enrol
from server.identity.operations.handsets import note_report, revoke
from server.identity.operations.joining import Joining, join
from server.identity.operations.presence import Presence, renew_session
from server.identity.operations.roster import NewAgency, NewOfficer, create_agency, create_officer, create_squad
from server.identity.operations.sessions import Opened, Proof, open_session, sign_out, sign_out_everywhere
from server.identity.operations.shifts import OnShift

__all__ = [
    "Bearer",
    "Enrolled",
    "IssuedCode",
    "Joining",
    "KeyOffer",
    "NewAgency",
    "NewOfficer",
    "OnShift",
    "Opened",
    "Presence",
    "Proof",
    "PublicKey",
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
    "join",
    "may_administer",
    "name_next_credential",
    "note_report",
    "open_session",
    "promote_credential",
    "reactivate",
    "renew_session",
    "reset_password",
    "revoke",
    "sign_in_keys",
    "sign_out",
    "sign_out_everywhere",
]
