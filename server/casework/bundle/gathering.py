"""Reads everything that belongs into a case's bundle, in one snapshot: page, items, keys, custody events."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from server.base import table_of
from server.casework import queries
from server.casework.bundle.inbox import Inbox, ItemKey, SignedItem
from server.casework.bundle.originals import StoredPhoto, stored_photos
from server.casework.models import Amendment, Case, TaskEvent
from server.casework.records import CasePage
from server.identity import queries as identity
from server.identity.models import InstallKey
from server.ledger.custody.proofs import Log, logs
from server.ledger.models import CustodyEvent

ENROLMENTS = ("enrolled", "enrolled_again", "officer_joined")
_OF_AN_INSTALL = (*ENROLMENTS, "revoked")
_event = table_of(CustodyEvent)
_AT_ONCE = 500
Event = Row[Any]


@dataclass(frozen=True)
class DeviceKey:
    """The public key of an officer on an install, and the custody event that made it known."""

    install_id: UUID
    officer_id: UUID
    algorithm: str
    public_key: bytes
    event_id: UUID | None


@dataclass(frozen=True)
class Gathered:
    """A case with all that proves it. ``items`` are its own texts, ``heads`` their neighbours on the same installs.

    ``missing_numbers`` and ``missing_before`` say per install which dseq and which predecessors (fingerprints) never
    reached this server. ``events`` are numbered in their logs, oldest first.
    """

    page: CasePage
    names: Mapping[UUID, str]
    photos: Mapping[str, StoredPhoto]
    items: Sequence[SignedItem]
    heads: Sequence[SignedItem]
    missing_numbers: Mapping[UUID, Sequence[int]]
    missing_before: Mapping[UUID, Sequence[str]]
    keys: Sequence[DeviceKey]
    events: Sequence[Event]
    logs: Sequence[Log]


def gather(session: Session, inbox: Inbox, scope: tuple[str, ...], case_id: UUID) -> Gathered:
    """Return all of a case that is in scope; raises not-found."""
    page = queries.case_page(session, scope, case_id)
    items = inbox.named(session, _own(session, page))
    heads, numbers, before = _neighbours(session, inbox, items)
    installs = {item.install_id for item in (*items, *heads)}
    about_installs = _events_of(session, "install", installs, _OF_AN_INSTALL)
    events = {event.id: event for event in (*_events(session, page, items), *about_installs)}
    return Gathered(
        page=page,
        names=identity.names(session, _named(page)),
        photos=stored_photos(session, {shot.sha256 for shot in page.evidence}),
        items=items,
        heads=heads,
        missing_numbers=numbers,
        missing_before=before,
        keys=_keys(session, items, heads, about_installs),
        events=sorted(events.values(), key=lambda event: (event.log_id, event.position)),
        logs=logs(session),
    )


def case_named(session: Session, name: str) -> UUID | None:
    """Return the id of the case with this number or id, or None."""
    try:
        wanted = Case.id == UUID(name)
    except ValueError:
        wanted = Case.case_no == name
    return session.scalars(select(Case.id).where(wanted)).one_or_none()


def document_of(body: bytes) -> dict[str, Any]:
    """Return what an item's text says; empty for one that cannot be read."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def events_of_case(session: Session, case_id: UUID) -> list[Event]:
    """Return the numbered events about the case itself."""
    return _events_of(session, "case", [case_id])


def opening_of(session: Session, log_id: int) -> Event | None:
    """Return the first event of a log."""
    return session.execute(select(_event).where(_event.c.log_id == log_id, _event.c.position == 0)).one_or_none()


def _own(session: Session, page: CasePage) -> set[ItemKey]:
    """Return the items that this case is made of: its report, answers, corrections, and what declared photographs."""
    case_id = page.case.id
    tasks = [task.task_id for task in page.tasks]
    answers = session.execute(select(TaskEvent.install_id, TaskEvent.item_id).where(TaskEvent.task_id.in_(tasks)))
    amended = session.execute(select(Amendment.install_id, Amendment.item_id).where(Amendment.case_id == case_id))
    origin = session.execute(select(Case.install_id, Case.origin_item_id).where(Case.id == case_id)).one()
    declared = {(shot.install_id, shot.item_id) for shot in page.evidence}
    lines = {(line.install_id, line.item_id) for line in page.timeline if line.install_id and line.item_id}
    # A case that a desk registered was reported by no handset.
    reported = {(origin[0], origin[1])} if origin[0] and origin[1] else set()
    return reported | declared | lines | {(row[0], row[1]) for row in (*answers, *amended)}


def _neighbours(
    session: Session, inbox: Inbox, items: Sequence[SignedItem]
) -> tuple[list[SignedItem], dict[UUID, list[int]], dict[UUID, list[str]]]:
    """Return the items before and after each of ours on its install, and what of these never came."""
    known = {(item.install_id, item.item_id) for item in items}
    heads: dict[ItemKey, SignedItem] = {}
    numbers: dict[UUID, list[int]] = {}
    before: dict[UUID, list[str]] = {}
    for install_id in sorted({item.install_id for item in items}):
        mine = [item for item in items if item.install_id == install_id]
        own = {item.dseq for item in mine if item.dseq is not None}
        earlier = {number - 1 for number in own if number > 1}
        named = {prev for item in mine if isinstance(prev := document_of(item.body).get("prev"), str)}
        around = inbox.numbered(session, install_id, (earlier | {number + 1 for number in own}) - own)
        chained = inbox.fingerprinted(session, install_id, named - {item.fingerprint for item in mine})
        heads |= {(item.install_id, item.item_id): item for item in (*around, *chained)}
        here = own | {item.dseq for item in around if item.dseq is not None}
        numbers[install_id] = sorted(earlier - here)
        before[install_id] = sorted(named - {item.fingerprint for item in (*mine, *chained)})
    return [item for key, item in sorted(heads.items()) if key not in known], numbers, before


def _events(session: Session, page: CasePage, items: Iterable[SignedItem]) -> list[Event]:
    return [
        *events_of_case(session, page.case.id),
        *_events_of(session, "evidence", [shot.id for shot in page.evidence]),
        *_events_of(session, "photo", sorted({shot.sha256 for shot in page.evidence})),
        *_events_of(session, "item", [item.item_id for item in items]),
    ]


def _events_of(session: Session, kind: str, ids: Iterable[object], kinds: Sequence[str] = ()) -> list[Event]:
    """Return the numbered events about these subjects; an event without a number is younger than this bundle."""
    wanted = sorted({str(each) for each in ids})
    found: list[Event] = []
    for begin in range(0, len(wanted), _AT_ONCE):
        some = _event.c.subject_id.in_(wanted[begin : begin + _AT_ONCE])
        rows = select(_event).where(_event.c.subject_kind == kind, some, _event.c.position.is_not(None))
        found += session.execute(rows.where(_event.c.kind.in_(kinds)) if kinds else rows).all()
    return found


def _keys(
    session: Session, items: Iterable[SignedItem], heads: Iterable[SignedItem], events: Sequence[Event]
) -> list[DeviceKey]:
    wanted = {(item.install_id, item.officer_id) for item in (*items, *heads)}
    rows = session.execute(
        select(InstallKey.install_id, InstallKey.officer_id, InstallKey.algorithm, InstallKey.public_key)
        .where(InstallKey.install_id.in_({install_id for install_id, _ in wanted}))
        .order_by(InstallKey.install_id, InstallKey.id)
    )
    return [
        DeviceKey(*row, _enrolment(events, row.install_id, row.officer_id, row.public_key))
        for row in rows
        if (row.install_id, row.officer_id) in wanted
    ]


def _enrolment(events: Sequence[Event], install_id: UUID, officer_id: UUID, public_key: bytes) -> UUID | None:
    """Return the first event that names this key as the officer's, if the log has it."""
    named = (str(officer_id), public_key.hex())
    for event in sorted(events, key=lambda each: each.id):
        facts = document_of(event.facts.encode()) if event.kind in ENROLMENTS else {}
        if event.subject_id == str(install_id) and (facts.get("officer_id"), facts.get("public_key")) == named:
            return UUID(str(event.id))
    return None


def _named(page: CasePage) -> set[UUID | None]:
    found: set[UUID | None] = {page.case.agency_id, page.case.squad_id, page.case.reporter_id, page.case.install_id}
    for line in page.timeline:
        found |= {line.actor_id, line.install_id}
    for shot in page.evidence:
        found |= {shot.officer_id, shot.install_id, shot.reviewer_id}
    return found
