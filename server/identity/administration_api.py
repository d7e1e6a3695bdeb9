"""The API of administration: the agency tree, accounts, roles at nodes, and the own second factor."""

from typing import Any
from uuid import UUID

from server.current import settings
from server.db import read, transact
from server.identity import admission, factor_admission, operations, queries
from server.identity.administration_schemas import (
    AgencyListSchema,
    CodeSchema,
    FreshFactorSchema,
    GrantSchema,
    IdSchema,
    NameSchema,
    NewAgencySchema,
    NewOfficerSchema,
    NewSquadSchema,
    OfficerCardSchema,
    OfficerFactsSchema,
    OwnPasswordSchema,
    RecoveryCodesSchema,
    RemoveFactorSchema,
)
from server.identity.operations import factors
from server.identity.rules import Permission, Role
from server.identity.schemas import TemporaryPasswordSchema
from server.problems import Problem
from server.web import actor, api_blueprint, remote, signed_in

administration = api_blueprint("administration")
# Open before the second factor is set up: this is where it is done.
own_factor = api_blueprint("own_factor", guard=signed_in, url_prefix="/account/second-factor")
blueprints = (administration, own_factor)


@administration.get("/agencies")
@administration.response(200, AgencyListSchema)
def agencies() -> dict[str, Any]:
    """List the agencies of the actor's scope, each before those below it."""
    return {"agencies": read(queries.agencies, actor().require(Permission.READ_OFFICERS))}


@administration.post("/agencies")
@administration.arguments(NewAgencySchema)
@administration.response(201, IdSchema)
def add_agency(asked: dict[str, Any]) -> dict[str, UUID]:
    """Add an agency below one of the actor's; its code never changes."""
    facts = operations.NewAgency(asked["code"], asked["name"], asked["kind"])
    return {"id": transact(operations.add_agency, actor(), asked["parent_id"], facts)}


@administration.patch("/agencies/<uuid:agency_id>")
@administration.arguments(NameSchema)
@administration.response(204)
def rename_agency(asked: dict[str, str], agency_id: UUID) -> None:
    """Give an agency another name."""
    transact(operations.rename_agency, actor(), agency_id, asked["name"])


@administration.post("/squads")
@administration.arguments(NewSquadSchema)
@administration.response(201, IdSchema)
def add_squad(asked: dict[str, Any]) -> dict[str, UUID]:
    """Add a squad or disposal unit to an agency."""
    return {"id": transact(operations.add_squad, actor(), asked["agency_id"], asked["name"])}


@administration.patch("/squads/<uuid:squad_id>")
@administration.arguments(NameSchema)
@administration.response(204)
def rename_squad(asked: dict[str, str], squad_id: UUID) -> None:
    """Give a squad another name."""
    transact(operations.rename_squad, actor(), squad_id, asked["name"])


@administration.post("/officers")
@administration.arguments(NewOfficerSchema)
@administration.response(201, TemporaryPasswordSchema)
def add_officer(asked: dict[str, Any]) -> admission.TemporaryPassword:
    """Make an account without roles, with a temporary password that must be changed at the first sign-in."""
    login = asked.pop("login")
    return admission.add_officer(actor(), login, operations.OfficerFacts(**asked), chosen=settings())


@administration.get("/officers/<uuid:officer_id>")
@administration.response(200, OfficerCardSchema)
def officer(officer_id: UUID) -> queries.OfficerCard:
    """Return one officer with the roles and where they hold."""
    return read(queries.officer, actor().require(Permission.READ_OFFICERS), officer_id)


@administration.put("/officers/<uuid:officer_id>")
@administration.arguments(OfficerFactsSchema)
@administration.response(204)
def change_officer(asked: dict[str, Any], officer_id: UUID) -> None:
    """Change name, certificate, agency or squad; what is left out becomes empty. Roles stay where they are."""
    transact(operations.change_officer, actor(), officer_id, operations.OfficerFacts(**asked))


@administration.post("/officers/<uuid:officer_id>/grants")
@administration.arguments(GrantSchema)
@administration.response(204)
def grant_role(asked: dict[str, Any], officer_id: UUID) -> None:
    """Give an officer a role at an agency; it reaches everything below."""
    given = operations.RoleAt(Role(asked["role"]), asked["agency_id"])
    transact(operations.grant_role, actor(), officer_id, given, one_administrator=settings().one_administrator)


@administration.delete("/officers/<uuid:officer_id>/grants/<role>/<uuid:agency_id>")
@administration.response(204)
def revoke_role(officer_id: UUID, role: str, agency_id: UUID) -> None:
    """Take a role at an agency from an officer."""
    actor().require(Permission.GRANT_ROLES)
    if role not in set(Role):
        raise Problem("not-found")
    transact(operations.revoke_role, actor(), officer_id, operations.RoleAt(Role(role), agency_id))


@administration.post("/officers/<uuid:officer_id>/reset-second-factor")
@administration.response(204)
def reset_second_factor(officer_id: UUID) -> None:
    """Remove an officer's second factor and end the sessions; the next sign-in sets up another."""
    transact(factors.reset, actor(), officer_id)


@own_factor.post("")
@own_factor.arguments(OwnPasswordSchema)
@own_factor.response(201, FreshFactorSchema)
def begin_setup(asked: dict[str, str]) -> factor_admission.FreshFactor:
    """Make a fresh secret for an authenticator app; it counts once a code of it was sent to confirm."""
    return factor_admission.begin_setup(signed_in(), asked["current_password"], remote=remote(), chosen=settings())


@own_factor.post("/confirm")
@own_factor.arguments(CodeSchema)
@own_factor.response(200, RecoveryCodesSchema)
def confirm_setup(asked: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """Put the fresh secret into use with a first code of it; answers with ten recovery codes."""
    return {"recovery_codes": factor_admission.confirm_setup(signed_in(), asked["code"], chosen=settings())}


@own_factor.post("/remove")
@own_factor.arguments(RemoveFactorSchema)
@own_factor.response(204)
def remove(asked: dict[str, str]) -> None:
    """Remove the own second factor against a code of it or a recovery code; all sessions end."""
    factor_admission.remove(signed_in(), asked["current_password"], asked["code"], remote=remote(), chosen=settings())
