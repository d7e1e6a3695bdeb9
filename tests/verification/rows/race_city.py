"""Where the race row's scenarios happen: one city in process, a handset of its own for every scenario."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import world
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from support.field import FieldHandset, Photo, handset_of
from support.office import Office
from verification.pictures import Shot, shot

from server.casework.models import Case, TaskEvent
from server.evidence.models import Evidence, Upload
from server.gateway.models import InboxItem
from server.ledger.models import Alarm, FeedMark, FeedScope


@dataclass
class RaceCity:
    """The people, the desk, and questions to the tables."""

    app: Flask
    people: world.World
    office: Office
    seed: int = 0

    def handset(self, person: world.Person | None = None) -> FieldHandset:
        """Enrol a fresh handset, of the collector unless another is named."""
        return handset_of(self.app, self.people, person or self.people.collector)

    def shot(self, number: int = 0) -> Shot:
        """Return a photograph that no other trial has."""
        return shot(self.seed * 100 + number, 64)

    def dispatched(self, reporter: FieldHandset) -> str:
        """Report a case and dispatch it to the street's squad; returns its id."""
        (result,) = reporter.results(reporter.item())
        self.office.dispatch(result["case_id"])
        case_id: str = result["case_id"]
        return case_id

    def states(self, handset: FieldHandset) -> dict[str, str]:
        """Return the state of every stored item of a handset, by id."""

        def query(session: Session) -> dict[str, str]:
            rows = session.execute(
                select(InboxItem.item_id, InboxItem.state).where(InboxItem.install_id == handset.enrolled.install_id)
            )
            return {str(row.item_id): row.state for row in rows}

        found: dict[str, str] = self.office.rows(query)
        return found

    def numbers(self, handset: FieldHandset) -> list[int]:
        """Return the numbers of a handset's items."""
        mine = select(InboxItem.n).where(InboxItem.install_id == handset.enrolled.install_id)
        found: list[int] = sorted(self.office.rows(lambda session: session.scalars(mine).all()))
        return found

    def cases_of(self, handset: FieldHandset) -> dict[str, str]:
        """Return id and version of the cases that came from a handset."""
        mine = select(Case.id, Case.version).where(Case.install_id == handset.enrolled.install_id)
        rows = self.office.rows(lambda session: session.execute(mine).all())
        return {str(row.id): row.version for row in rows}

    def events_of(self, task_id: str) -> int:
        """Return how many answers to a task are kept."""
        wanted = select(func.count()).select_from(TaskEvent).where(TaskEvent.task_id == UUID(task_id))
        found: int = self.office.rows(lambda session: session.scalar(wanted))
        return found

    def evidence_of(self, handset: FieldHandset) -> list[bool]:
        """Return for each piece of evidence of a handset whether it is present."""
        mine = select(Evidence.present_at).where(Evidence.install_id == handset.enrolled.install_id)
        return [at is not None for at in self.office.rows(lambda session: session.scalars(mine).all())]

    def complete_uploads(self, sha256: str) -> int:
        """Return how many uploads of these bytes are complete."""
        wanted = select(func.count()).select_from(Upload).where(Upload.sha256 == sha256, Upload.state == "complete")
        found: int = self.office.rows(lambda session: session.scalar(wanted))
        return found

    def alarms(self) -> list[str]:
        """Return the names of all alarms: none may sound."""
        found: list[str] = list(self.office.rows(lambda session: session.scalars(select(Alarm.name)).all()))
        return found

    def heads(self) -> list[str]:
        """Return the scopes whose head is not their last mark."""
        last = select(FeedMark.scope, func.max(FeedMark.seq).label("seq")).group_by(FeedMark.scope).subquery()
        wanted = select(FeedScope.scope, FeedScope.head, last.c.seq).join(last, last.c.scope == FeedScope.scope)
        rows = self.office.rows(lambda session: session.execute(wanted).all())
        return [row.scope for row in rows if row.head != row.seq]


def deliver(handset: FieldHandset, one: Shot) -> int:
    """Upload a photograph whole and return the status of the last answer."""
    created = handset.create(Photo(one.content))
    if created.status_code != 201 or int(created.headers["Upload-Offset"]) == one.size:
        return created.status_code
    return handset.append(created.headers["Location"], 0, one.content).status_code


def reconciled(handset: FieldHandset) -> str:
    """Return a cursor at the present end, which a purged scope gives by reconciling only."""
    page: str | None = None
    cursor: str | None = None
    while cursor is None:
        asked: dict[str, object] = {"manifest": [], "page": page, "limit": 200}
        found = handset.client.post("/api/v1/sync/reconcile", json=asked, headers=handset.headers)
        assert found.status_code == 200, found.text
        told: dict[str, Any] = json.loads(found.data)
        page, cursor = told.get("next_page"), told.get("next_cursor")
    return cursor
