"""What happens in the street, for tests of casework and evidence: reports, answers, arriving photographs.

Through the subjects' own operations, as the gateway calls them; handsets and items are named by the caller.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import world
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from photo_store.fingerprint import is_sha256
from photo_store.inspect_image import ImageFacts
from server.base import uuid7
from server.casework import operations as casework
from server.casework.queries import visible_entities
from server.clock import now
from server.db import read, transact
from server.evidence import uploads
from server.evidence.rules import DeclaredPhoto

P = ParamSpec("P")
R = TypeVar("R")

FACTS = ImageFacts("image/jpeg", 400_000, 1600, 1200, taken_at="2026-11-22T08:31:02", lon=123.5, lat=30.5)


def sha256_of(name: str) -> str:
    """Return the hash of a photograph that is only a name; a hash stands for itself."""
    return name if is_sha256(name) else hashlib.sha256(name.encode()).hexdigest()


def declared(*names: str, role: str = "near") -> tuple[DeclaredPhoto, ...]:
    """Declare photographs by name."""
    return tuple(DeclaredPhoto(role, sha256_of(name), 400_000, "image/jpeg", "camera") for name in names)


@dataclass(frozen=True)
class Street:
    """A city with a collector's and an enforcer's handset in the field and a dispatcher at the desk."""

    app: Flask
    client: FlaskClient
    city: world.World
    collector: world.EnrolledHandset
    enforcer: world.EnrolledHandset
    desk: dict[str, str]

    def report(self, *names: str, who: world.Person | None = None) -> UUID:
        """Report a case with photographs and return its id."""
        person = who or self.city.collector
        report = casework.Report(
            item_id=uuid7(),
            scheme="gbt30428_2_2013",
            category_code="0110",
            description="垃圾堆放在路边",
            lon=123.5012,
            lat=30.4987,
            crs="wgs84",
            accuracy_m=6.0,
            captured_at=now(),
            captured_at_corrected=now(),
            source="handset",
            photos=declared(*names),
        )
        reporter = self._reporter(person, self.collector)
        self._transact(casework.report_cases, reporter.install_id, [(reporter, report)])
        return report.case_id

    def answer(
        self,
        task_id: UUID,
        event: str,
        *,
        who: world.Person | None = None,
        photos: tuple[DeclaredPhoto, ...] = (),
        assignment_no: int = 1,
        result: str | None = None,
        note: str | None = None,
    ) -> casework.TaskVerdict:
        """Answer a task, as the enforcer unless ``who`` is named."""
        person = who or self.city.enforcer
        answer = casework.TaskAnswer(
            item_id=uuid7(),
            task_id=task_id,
            assignment_no=assignment_no,
            event=event,
            note=note,
            result=result,
            captured_at=now(),
            captured_at_corrected=now(),
            photos=photos,
        )
        handset = self.collector if person == self.city.collector else self.enforcer
        return self._transact(casework.answer_task, self._reporter(person, handset), answer)

    def upload(self, *names: str, handset: world.EnrolledHandset | None = None, facts: ImageFacts = FACTS) -> None:
        """Let the bytes of photographs arrive from a handset (the collector's when omitted)."""
        for name in names:
            self._transact(_upload, (handset or self.collector).install_id, sha256_of(name), facts)

    def act(self, case_id: UUID, action: str, headers: dict[str, str] | None = None, **facts: object) -> TestResponse:
        """Post a desk action and return the response."""
        body = {"action": action, **{name: str(value) for name, value in facts.items()}}
        return self.client.post(f"/api/v1/cases/{case_id}/actions", json=body, headers=headers or self.desk)

    def case(self, case_id: UUID, headers: dict[str, str] | None = None) -> dict[str, Any]:
        """Return a case's page."""
        response = self.client.get(f"/api/v1/cases/{case_id}", headers=headers or self.desk)
        assert response.status_code == 200, response.text
        page: dict[str, Any] = response.json
        return page

    def dispatched(self, *names: str, squad_id: UUID | None = None) -> tuple[UUID, UUID]:
        """Report, file and dispatch a case; return the ids of the case and of its disposal task."""
        case_id = self.report(*names)
        assert self.act(case_id, "file").status_code == 200
        answer = self.act(case_id, "dispatch", squad_id=squad_id or self.city.street_squad_id)
        assert answer.status_code == 200, answer.text
        return case_id, self.task(case_id, "disposal")

    def task(self, case_id: UUID, kind: str) -> UUID:
        """Return the id of the newest task of a kind."""
        tasks = [task for task in self.case(case_id)["tasks"] if task["task_kind"] == kind]
        return UUID(tasks[-1]["task_id"])

    def seen(self, scopes: Iterable[str], kind: str, entity_id: UUID) -> tuple[str, dict[str, Any]] | None:
        """Return (version, data) of an entity as the holder of ``scopes`` sees it now, or None."""
        with self.app.app_context():
            found = read(visible_entities, list(scopes), [(kind, entity_id)])
        return found.get((kind, entity_id))

    def _reporter(self, person: world.Person, handset: world.EnrolledHandset) -> casework.Reporter:
        return casework.Reporter(person.id, handset.install_id, person.agency_id, person.squad_id, person.role)

    def _transact(self, operation: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        with self.app.app_context():
            return transact(operation, *args, **kwargs)


def street(app: Flask, client: FlaskClient) -> Street:
    """Write the city and enrol both handsets."""
    city = world.city(app)
    return Street(
        app=app,
        client=client,
        city=city,
        collector=world.enrolled(app, city, city.collector, "collector's"),
        enforcer=world.enrolled(app, city, city.enforcer, "enforcer's"),
        desk=world.signed_in(client, city.dispatcher),
    )


def _upload(session: Session, install_id: UUID, sha256: str, facts: ImageFacts) -> None:
    expires_at = now() + timedelta(days=7)
    upload = uploads.create_upload(session, install_id, sha256, facts.size, expires_at)
    if upload.status == "complete":
        return
    owners = uploads.complete(session, upload.upload_id, sha256=sha256, image=facts, fence=upload.fence)
    assert owners is not None
    casework.photos_arrived(session, [owner.id for owner in owners])
