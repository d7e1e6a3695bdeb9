"""What the gateway asks about an officer on a handset: the key that signs, the shifts, the capacity to act."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import bindparam, case, func, select
from sqlalchemy.orm import Session

from server.identity.models import InstallKey, InstallShift, Officer, RoleGrant
from server.identity.rules import Interval, Role

EVER = datetime(1970, 1, 2, tzinfo=UTC)
# Evidence grade follows capacity at capture: with enforcement power first, then a lead (casework.md section 12).
_BY_WEIGHT = (Role.ENFORCEMENT_OFFICER, Role.COLLECTOR, Role.ASSISTANT)

_key, _officer, _shift, _grant = (
    InstallKey.__table__.c,
    Officer.__table__.c,
    InstallShift.__table__.c,
    RoleGrant.__table__.c,
)
_weight = (
    select(func.min(case({role.value: weight for weight, role in enumerate(_BY_WEIGHT)}, value=_grant.role)))
    .where(_grant.officer_id == _officer.id)
    .scalar_subquery()
)
_earlier = InstallShift.__table__.alias("earlier").c
_first_shift = select(func.min(_earlier.from_at)).where(_earlier.install_id == _key.install_id).scalar_subquery()
# One row for each shift. The role is a subquery: joined, it would multiply the shifts.
_ON_INSTALL = (
    select(
        _officer.id,
        _key.public_key,
        _officer.agency_id,
        _officer.squad_id,
        _officer.active,
        _weight.label("weight"),
        _shift.from_at,
        _shift.to_at,
        _first_shift.label("first_at"),
    )
    .select_from(InstallKey.__table__)
    .join(Officer.__table__, _officer.id == _key.officer_id)
    .outerjoin(InstallShift.__table__, (_shift.install_id == _key.install_id) & (_shift.officer_id == _key.officer_id))
    .where(_key.install_id == bindparam("install_id"), _key.officer_id.in_(bindparam("officer_ids", expanding=True)))
    .order_by(_shift.from_at)
)


@dataclass(frozen=True)
class FieldOfficer:
    """Where an officer belongs and in what capacity the officer acts in the field."""

    agency_id: UUID
    squad_id: UUID | None
    capacity: str


@dataclass(frozen=True)
class FieldOfficerOnInstall:
    """An officer who has a key on an install: the key (SubjectPublicKeyInfo DER), the place, the shifts there.

    ``shifts`` are (from, to) by time, None for the shift that still lasts; rules.was_on_shift judges by them.
    ``active``: the account is open.
    """

    public_key: bytes
    agency_id: UUID
    squad_id: UUID | None
    capacity: str
    shifts: tuple[Interval, ...]
    active: bool


def field_officers(
    session: Session, install_id: UUID, officer_ids: Collection[UUID]
) -> dict[UUID, FieldOfficerOnInstall]:
    """Return those of the officers who have a key on the install, in one query; who is missing never was on it."""
    found: dict[UUID, FieldOfficerOnInstall] = {}
    shifts: dict[UUID, list[Interval]] = {}
    rows = session.execute(_ON_INSTALL, {"install_id": install_id, "officer_ids": list(officer_ids)}).all()
    for row in rows:
        # What was before the first shift nobody here knows: a clock may be wrong, or a restored server has forgotten
        # the install and was told of it anew. It speaks against no officer who has a key.
        known = shifts.setdefault(row.id, [] if row.first_at is None else [(EVER, row.first_at)])
        if row.from_at is not None:
            known.append((row.from_at, row.to_at))
    for row in rows:
        if row.id not in found:
            capacity = "none" if row.weight is None else _BY_WEIGHT[row.weight].value
            place = (row.agency_id, row.squad_id, capacity)
            found[row.id] = FieldOfficerOnInstall(row.public_key, *place, tuple(shifts[row.id]), row.active)
    return found


def field_officer(session: Session, officer_id: UUID) -> FieldOfficer:
    """Return the officer's place and capacity."""
    row = session.execute(select(Officer.agency_id, Officer.squad_id).where(Officer.id == officer_id)).one()
    roles = set(session.scalars(select(RoleGrant.role).where(RoleGrant.officer_id == officer_id)))
    capacity = next((role.value for role in _BY_WEIGHT if role in roles), "none")
    return FieldOfficer(row.agency_id, row.squad_id, capacity)
