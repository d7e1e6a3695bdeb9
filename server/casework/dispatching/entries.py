"""Reads and writes of the responsibility matrix. An entry in force is never changed: it ends, a new one begins."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from server.casework.dispatching.matrix import Entry
from server.casework.dispatching.models import Responsibility
from server.identity.models import Agency, Squad
from server.identity.rules import Actor, Permission, paths_above
from server.identity.scope import agencies_in
from server.ledger import audit
from server.ledger.operations import Doer, meet
from server.problems import Problem, _

MOST_CODE, MOST_AREA, MOST_ASSISTING = 16, 32, 10


@dataclass(frozen=True)
class NewEntry:
    """What an entry says; ``code`` and ``area_code`` empty: all."""

    agency_id: UUID
    scheme: str
    code: str
    area_code: str
    lead_squad_id: UUID
    assisting: tuple[UUID, ...]
    basis: str
    valid_from: date


@dataclass(frozen=True)
class EntryRecord:
    """An entry as desks see it."""

    id: UUID
    agency_id: UUID
    scheme: str
    code: str
    area_code: str
    lead_squad_id: UUID
    assisting: tuple[UUID, ...]
    basis: str
    valid_from: date
    valid_to: date | None
    decided_from_case_id: UUID | None


def entries(session: Session, scope: tuple[str, ...], *, on: date | None = None) -> list[EntryRecord]:
    """Return the entries of agencies in scope by scheme, class and area; ``on`` a day only those in force."""
    wanted = select(Responsibility).where(Responsibility.agency_id.in_(agencies_in(scope)))
    if on is not None:
        in_force = or_(Responsibility.valid_to.is_(None), Responsibility.valid_to >= on)
        wanted = wanted.where(Responsibility.valid_from <= on, in_force)
    order = Responsibility.scheme, Responsibility.code, Responsibility.area_code, Responsibility.valid_from
    return [_record(row) for row in session.scalars(wanted.order_by(*order))]


def entries_above(session: Session, agency_path: str, scheme: str) -> list[Entry]:
    """Return every entry of a scheme that an agency or one above it has, for `matrix.best`."""
    rows = session.execute(
        select(Agency.path, Responsibility)
        .join(Agency, Agency.id == Responsibility.agency_id)
        .where(Agency.path.in_(paths_above(agency_path)), Responsibility.scheme == scheme)
    )
    return [
        Entry(
            id=row.id,
            agency_path=path,
            code=row.code,
            area_code=row.area_code,
            lead_id=row.lead_squad_id,
            assisting=_squads(row.assisting),
            basis=row.basis,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )
        for path, row in rows
    ]


def put_entry(session: Session, actor: Actor, new: NewEntry, *, decided_from: UUID | None = None) -> UUID:
    """Let an entry hold from a day on; what held for the same class and area ends the day before. Return its id.

    Raises forbidden, not-found (agency out of scope), validation (names the field; also a day before the entry that
    holds now began, because history is not rewritten).
    """
    scope = actor.require(Permission.MANAGE_RESPONSIBILITY)
    _check(session, scope, new)
    same = (
        Responsibility.agency_id == new.agency_id,
        Responsibility.scheme == new.scheme,
        Responsibility.code == new.code,
        Responsibility.area_code == new.area_code,
    )
    meet(session, [f"responsibility:{new.agency_id}/{new.scheme}/{new.code}/{new.area_code}"])
    holding = session.scalars(select(Responsibility).where(*same, Responsibility.valid_to.is_(None))).one_or_none()
    latest = session.scalar(select(func.max(Responsibility.valid_from)).where(*same))
    if latest is not None and latest >= new.valid_from:
        told = _("An entry for this class and area begins on %(day)s: begin later, the past is not rewritten.")
        raise Problem("validation", errors={"valid_from": [told % {"day": latest.isoformat()}]})
    if holding is not None:
        holding.valid_to = new.valid_from - timedelta(days=1)
    row = Responsibility(
        agency_id=new.agency_id,
        scheme=new.scheme,
        code=new.code,
        area_code=new.area_code,
        lead_squad_id=new.lead_squad_id,
        assisting=json.dumps([str(squad) for squad in new.assisting]),
        basis=new.basis.strip(),
        valid_from=new.valid_from,
        decided_from_case_id=decided_from,
    )
    session.add(row)
    session.flush()
    _note(session, actor, "responsibility_set", row)
    return row.id


def end_entry(session: Session, actor: Actor, entry_id: UUID, last_day: date) -> None:
    """Let an entry hold until a day, that day included. Raises forbidden, not-found, validation."""
    scope = actor.require(Permission.MANAGE_RESPONSIBILITY)
    mine = Responsibility.id == entry_id, Responsibility.agency_id.in_(agencies_in(scope))
    row = session.scalars(select(Responsibility).where(*mine).with_for_update()).one_or_none()
    if row is None:
        raise Problem("not-found")
    if last_day < row.valid_from:
        raise Problem("validation", errors={"valid_to": [_("The last day lies before the first one.")]})
    row.valid_to = last_day
    session.flush()
    _note(session, actor, "responsibility_ended", row)


def _check(session: Session, scope: tuple[str, ...], new: NewEntry) -> None:
    if session.scalar(select(Agency.id).where(Agency.id == new.agency_id, Agency.id.in_(agencies_in(scope)))) is None:
        raise Problem("not-found")
    wrong: dict[str, list[str]] = {}
    if len(new.code) > MOST_CODE:
        wrong["code"] = [_("A class code is shorter.")]
    if len(new.area_code) > MOST_AREA:
        wrong["area_code"] = [_("An area code is shorter.")]
    if not new.basis.strip():
        wrong["basis"] = [_("Say by which decision or document the unit is responsible.")]
    if len(new.assisting) > MOST_ASSISTING or new.lead_squad_id in new.assisting:
        wrong["assisting"] = [_("Name up to ten other units, not the lead unit.")]
    known = set(session.scalars(select(Squad.id).where(Squad.id.in_([new.lead_squad_id, *new.assisting]))))
    if new.lead_squad_id not in known:
        wrong["lead_squad_id"] = [_("There is no such unit.")]
    if not set(new.assisting) <= known:
        wrong.setdefault("assisting", []).append(_("There is no such unit."))
    if wrong:
        raise Problem("validation", errors=wrong)


def _squads(text: str) -> tuple[UUID, ...]:
    return tuple(UUID(one) for one in json.loads(text))


def _record(row: Responsibility) -> EntryRecord:
    return EntryRecord(
        id=row.id,
        agency_id=row.agency_id,
        scheme=row.scheme,
        code=row.code,
        area_code=row.area_code,
        lead_squad_id=row.lead_squad_id,
        assisting=_squads(row.assisting),
        basis=row.basis,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        decided_from_case_id=row.decided_from_case_id,
    )


def named(records: Sequence[EntryRecord]) -> Collection[UUID]:
    """Return the agencies and squads that entries name."""
    return {one for row in records for one in (row.agency_id, row.lead_squad_id, *row.assisting)}


def _note(session: Session, actor: Actor, action: str, row: Responsibility) -> None:
    facts = {
        "scheme": row.scheme,
        "code": row.code,
        "area_code": row.area_code,
        "lead_squad_id": row.lead_squad_id,
        "assisting": row.assisting,
        "basis": row.basis,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
    }
    audit.note(session, Doer(row.agency_id, actor.officer_id), action, ("responsibility", str(row.id)), facts)
