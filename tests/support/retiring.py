"""Cases that ended years ago, and their disposal step by step, as administrators and the worker do it."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import world
from street import Street, declared, sha256_of
from support.custody import number_all
from werkzeug.test import TestResponse

from photo_store.blobs import BlobStore, original_key
from server import clock
from server.clock import now
from server.evidence.erasing import erase_ended, execute_due

FIVE_YEARS = timedelta(days=5 * 366)
WEEK = timedelta(days=7, minutes=1)


@dataclass
class Archive:
    """The administrators' side of a street: who decides, and the worker."""

    town: Street

    def headers(self, person: world.Person) -> dict[str, str]:
        """Sign in anew: years later no session is left."""
        return world.signed_in(self.town.client, person)

    @property
    def admin(self) -> dict[str, str]:
        return self.headers(self.town.city.admin)

    @property
    def second(self) -> dict[str, str]:
        return self.headers(self.town.city.second_admin)

    def shots(self, case_id: UUID) -> list[dict[str, Any]]:
        """Return the evidence of a case."""
        rows: list[dict[str, Any]] = self.town.case(case_id, self.headers(self.town.city.dispatcher))["evidence"]
        return rows

    def ended_case(self, *names: str, after: str) -> UUID:
        """Return a case that was closed now, with photographs of both sides whose bytes are in the store."""
        town = self.town
        case_id, task_id = town.dispatched(*names)
        town.answer(task_id, "done", photos=declared(after, role="after"))
        for name in (*names, after):
            town.upload(name, handset=town.enforcer if name == after else town.collector)
            self.blobs.put(original_key(sha256_of(name)), io.BytesIO(name.encode()))
        town.act(case_id, "send_check")
        assert town.act(case_id, "close", reason="seen by the supervisor").status_code == 200
        return case_id

    @property
    def blobs(self) -> BlobStore:
        store: BlobStore = self.town.app.extensions["xuncha_blobs"]
        return store

    def has(self, name: str) -> bool:
        """Tell whether the bytes of a photograph are in the store."""
        return self.blobs.exists(original_key(sha256_of(name)))

    def propose(self, case_id: UUID, headers: dict[str, str] | None = None) -> TestResponse:
        """Propose a case, as the administrator unless named otherwise."""
        body = {"case_id": str(case_id), "reason": "the five years are over"}
        return self.town.client.post("/api/v1/disposals", json=body, headers=headers or self.admin)

    def decide(
        self, disposal_id: str, decision: str, headers: dict[str, str] | None = None, **more: object
    ) -> TestResponse:
        """Approve or refuse, as the second administrator unless named otherwise."""
        url = f"/api/v1/disposals/{disposal_id}/decision"
        return self.town.client.post(url, json={"decision": decision, **more}, headers=headers or self.second)

    def approved(self, case_id: UUID) -> str:
        """Propose and approve; return the disposal's id."""
        proposed = self.propose(case_id)
        assert proposed.status_code == 201, proposed.text
        assert self.decide(proposed.json["id"], "approve").status_code == 200
        return str(proposed.json["id"])

    def listed(self, state: str) -> list[dict[str, Any]]:
        """Return the disposals in a state."""
        found = self.town.client.get(f"/api/v1/disposals?state={state}", headers=self.admin)
        assert found.status_code == 200, found.text
        rows: list[dict[str, Any]] = found.json["disposals"]
        return rows

    def due(self) -> list[str]:
        """Return the ids of the cases that are due."""
        found = self.town.client.get("/api/v1/disposals/due", headers=self.admin).json["due"]
        return [one["case_id"] for one in found]

    def work(self) -> int:
        """Let the worker number the custody events, execute what is due and erase; return how many were executed."""
        number_all(self.town.app)
        with self.town.app.app_context():
            done = execute_due()
            erase_ended()
        return done


@contextmanager
def later(by: timedelta) -> Iterator[datetime]:
    """Let everything inside happen so much later."""
    moment = now() + by
    with clock.use(lambda: moment):
        yield moment
