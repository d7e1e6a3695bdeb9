"""A small city for simulated stories: two squads, their officers, collectors, and two desks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from server.identity import operations
from server.identity.operations import NewAgency, NewOfficer
from server.identity.rules import Role

# Nobody signs in with a password in a story; the desks hold tokens.
_NO_PASSWORD = "!"  # noqa: S105 (it is none)
_PER_DUTY = 4
_LASTING = timedelta(days=3650)


@dataclass(frozen=True)
class City:
    """Ids of field officers and squads, and of the officers at the desks by role."""

    collectors: tuple[str, ...]
    squad_members: tuple[str, ...]
    squads: tuple[str, ...]
    desks: Mapping[str, UUID]


def found_city(session: Session) -> City:
    """Write the city and return it; half of the officers belong to each of the two squads."""
    city_id = operations.create_agency(session, NewAgency("990101", "澄浦市", "city"))
    street_id = operations.create_agency(session, NewAgency("001", "城中街道", "street", city_id))
    squads = [operations.create_squad(session, street_id, name) for name in ("城中中队", "沙桥中队")]

    def officer(login: str, role: Role, agency_id: UUID, squad_id: UUID | None = None) -> str:
        facts = NewOfficer(agency_id, login, f"模拟 {login}", _NO_PASSWORD, ((role, agency_id),), squad_id)
        return str(operations.create_officer(session, facts))

    desks = {
        login: UUID(officer(login, role, city_id))
        for login, role in (("dispatcher", Role.DISPATCHER), ("admin", Role.SYSTEM_ADMIN))
    }
    return City(
        collectors=tuple(officer(f"c{n}", Role.COLLECTOR, street_id) for n in range(_PER_DUTY)),
        squad_members=tuple(
            officer(f"e{n}", Role.ENFORCEMENT_OFFICER, street_id, squads[n % 2]) for n in range(_PER_DUTY)
        ),
        squads=tuple(map(str, squads)),
        desks=desks,
    )


def sign_in(session: Session, desks: Mapping[str, UUID]) -> dict[str, str]:
    """Open a session for each desk and return the tokens by role."""
    proofs = {
        role: operations.Proof(officer_id, _NO_PASSWORD, (f"login:{role}",)) for role, officer_id in desks.items()
    }
    return {role: operations.open_session(session, proof, _LASTING).token or "" for role, proof in proofs.items()}
