"""A handset's own doors: enrolment, the officer's session, the change of shift, the next credential.

The guard admits every enrolled handset; whether it was revoked is decided under the lock of its row, so that a
shared handset whose officer lost the account can still be given to another one.
"""

from datetime import datetime
from typing import Any

from server.clock import now
from server.current import settings
from server.db import read, transact
from server.identity import admission, operations
from server.identity.handset_schemas import (
    AcceptedSchema,
    EnrolledSchema,
    EnrolSchema,
    NextCredentialSchema,
    OnShiftSchema,
    PresenceSchema,
    ShiftSchema,
)
from server.ledger.queries import epoch
from server.web import api_blueprint, handset, handset_blueprint, remote
from sync.limits import PROTOCOL

enrolment = api_blueprint("enrolment", guard=None)
bearing = handset_blueprint("bearing", url_prefix="/sync")
blueprints = (enrolment, bearing)


@enrolment.post("/enrol")
@enrolment.arguments(EnrolSchema)
@enrolment.response(201, EnrolledSchema)
def enrol(asked: dict[str, Any]) -> dict[str, Any]:
    """Enrol a handset with a code, or again under the id it had; the same code and key repeat for a day."""
    offered = admission.EnrolmentRequest(
        code=asked["code"],
        algorithm=asked["public_key"]["alg"],
        key=asked["public_key"]["key"],
        label=asked["label"],
        app=asked["app"],
        install_id=asked["install_id"],
        officer_id=asked["officer_id"],
    )
    enrolled = admission.enrol(offered, remote=remote(), chosen=settings())
    return _answer(enrolled=enrolled, limits=settings().limits.as_json())


@bearing.post("/session")
@bearing.arguments(PresenceSchema)
@bearing.response(200, OnShiftSchema)
def renew_session(asked: dict[str, Any]) -> dict[str, Any]:
    """Prove with the officer's key on this install that the officer is there, and put the officer on shift."""
    presence = operations.Presence(asked["officer_id"], asked["at"], asked["nonce"], asked["sig"]["value"])
    return _answer(
        on_shift=transact(operations.renew_session, handset().install_id, presence, settings().field_session)
    )


@bearing.post("/shift")
@bearing.arguments(ShiftSchema)
@bearing.response(200, OnShiftSchema)
def join(asked: dict[str, Any]) -> dict[str, Any]:
    """Let another officer join this handset with a code and a key, and put the officer on shift."""
    brought = admission.ShiftRequest(
        code=asked["code"],
        algorithm=asked["public_key"]["alg"],
        key=asked["public_key"]["key"],
        officer_id=asked["officer_id"],
        at=asked["at"] and datetime.fromisoformat(asked["at"]),
    )
    joined = admission.join(handset().install_id, brought, remote=remote(), chosen=settings())
    return _answer(on_shift=joined)


@bearing.post("/credential")
@bearing.arguments(NextCredentialSchema)
@bearing.response(200, AcceptedSchema)
def name_next_credential(asked: dict[str, str]) -> dict[str, Any]:
    """Note the credential that the handset will use next; the first request that uses it ends the present one."""
    transact(operations.name_next_credential, handset().install_id, bytes.fromhex(asked["next_sha256"]))
    return _answer(accepted=True)


def _answer(**members: object) -> dict[str, Any]:
    return {"protocol": PROTOCOL, "epoch": read(epoch), "server_time": now(), **members}
