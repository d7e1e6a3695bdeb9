"""The API of identity for the desk: sessions, the own account, officers, squads, handsets and their codes."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from server.current import settings
from server.db import read, transact
from server.identity import admission, operations, queries
from server.identity.invitation import enrolment_link
from server.identity.rules import Permission
from server.identity.schemas import (
    ChangePasswordSchema,
    HandsetPageSchema,
    IssuedCodeSchema,
    NewCodeSchema,
    OfficerPageSchema,
    OfficerQuerySchema,
    SessionSchema,
    SignInSchema,
    SquadListSchema,
    TemporaryPasswordSchema,
)
from server.web import actor, api_blueprint, bearer, page_args, public_address, remote, signed_in

# Three doors: open to all; open with a password that must still be changed; open to work.
entrance = api_blueprint("entrance", guard=None)
account = api_blueprint("account", guard=signed_in)
staff = api_blueprint("staff")
blueprints = (entrance, account, staff)


@entrance.post("/sessions")
@entrance.arguments(SignInSchema)
@entrance.response(201, SessionSchema)
def sign_in(credentials: dict[str, Any]) -> admission.SignedIn:
    """Sign in at a desk, with a code where the account has a second factor; the token goes into Authorization."""
    return admission.sign_in(**credentials, remote=remote(), chosen=settings(), with_token=True)


@account.delete("/sessions/current")
@account.response(204)
def sign_out() -> None:
    """End the session whose token was sent."""
    transact(operations.sign_out, bearer() or "")


@account.delete("/sessions")
@account.response(204)
def sign_out_everywhere() -> None:
    """End all desk sessions of the officer, this one too; handsets stay enrolled."""
    transact(operations.sign_out_everywhere, signed_in().officer_id)


@account.post("/account/password")
@account.arguments(ChangePasswordSchema)
@account.response(204)
def change_password(asked: dict[str, str]) -> None:
    """Change the own password; this session goes on, all others end."""
    admission.change_password(
        signed_in(),
        asked["current_password"],
        asked["new_password"],
        remote=remote(),
        chosen=settings(),
        keep_token=bearer(),
    )


@staff.get("/officers")
@staff.arguments(OfficerQuerySchema, location="query")
@staff.response(200, OfficerPageSchema)
def officers(filters: dict[str, str | None]) -> dict[str, Any]:
    """List the officers of the actor's agencies by login."""
    scope = actor().require(Permission.READ_OFFICERS)
    after, limit = page_args()
    rows = read(queries.officers, scope, filters["role"], after, limit + 1)
    return {"officers": rows[:limit], "next": rows[limit - 1].login if len(rows) > limit else None}


@staff.get("/squads")
@staff.response(200, SquadListSchema)
def squads() -> dict[str, Any]:
    """List the squads and disposal units of the actor's agencies."""
    return {"squads": read(queries.squads, actor().require(Permission.READ_OFFICERS))}


@staff.post("/officers/<uuid:officer_id>/reset-password")
@staff.response(200, TemporaryPasswordSchema)
def reset_password(officer_id: UUID) -> admission.TemporaryPassword:
    """Give an officer a temporary password that must be changed at the first sign-in."""
    return admission.reset_password(actor(), officer_id, chosen=settings())


@staff.post("/officers/<uuid:officer_id>/deactivate")
@staff.response(204)
def deactivate(officer_id: UUID) -> None:
    """Close an account and end its sessions."""
    transact(operations.deactivate, actor(), officer_id)


@staff.post("/officers/<uuid:officer_id>/reactivate")
@staff.response(204)
def reactivate(officer_id: UUID) -> None:
    """Open a closed account again."""
    transact(operations.reactivate, actor(), officer_id)


@staff.post("/enrolment-codes")
@staff.arguments(NewCodeSchema)
@staff.response(201, IssuedCodeSchema)
def create_enrolment_code(asked: dict[str, UUID]) -> dict[str, Any]:
    """Issue a single-use code, and its link, with which a field officer's handset enrols within 24 hours."""
    issued = transact(operations.create_enrolment_code, actor(), asked["officer_id"])
    return asdict(issued) | {"link": enrolment_link(public_address(), issued.code)}


@staff.get("/handsets")
@staff.response(200, HandsetPageSchema)
def handsets() -> dict[str, Any]:
    """List the handsets of the actor's agencies, newest first, with what they still hold."""
    scope = actor().require(Permission.READ_FLEET)
    after, limit = page_args()
    rows = read(queries.installs, scope, after, limit + 1)
    return {"handsets": rows[:limit], "next": str(rows[limit - 1].id) if len(rows) > limit else None}


@staff.post("/handsets/<uuid:install_id>/revoke")
@staff.response(204)
def revoke(install_id: UUID) -> None:
    """Revoke a handset; what it still sends is kept in quarantine."""
    transact(operations.revoke, actor(), install_id, settings().revoked_grace)
