"""The desk's side of a test in the street: act on cases through the API, read the quarantine, look into the tables."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import world
from flask import Flask
from sqlalchemy.orm import Session

from server.db import read


@dataclass
class Office:
    """A desk that acts on cases through the API."""

    app: Flask
    city: world.World
    _signed_in: dict[str, dict[str, str]] = field(default_factory=dict)

    def headers_of(self, person: world.Person) -> dict[str, str]:
        """Return the headers of a person's session, which is opened once."""
        if person.login not in self._signed_in:
            self._signed_in[person.login] = world.signed_in(self.app.test_client(), person)
        return self._signed_in[person.login]

    def act(self, case_id: str | UUID, action: str, **members: object) -> dict[str, Any]:
        """Do one action as the dispatcher and return the case."""
        body = {"action": action, **members}
        path = f"/api/v1/cases/{case_id}/actions"
        done = self.app.test_client().post(path, json=body, headers=self.headers_of(self.city.dispatcher))
        assert done.status_code == 200, done.text
        case: dict[str, Any] = done.json
        return case

    def case(self, case_id: str | UUID) -> dict[str, Any]:
        """Return a case as the dispatcher sees it."""
        found = self.app.test_client().get(f"/api/v1/cases/{case_id}", headers=self.headers_of(self.city.dispatcher))
        assert found.status_code == 200, found.text
        case: dict[str, Any] = found.json
        return case

    def cases(self) -> list[dict[str, Any]]:
        """Return all cases of the city (up to 200)."""
        headers = self.headers_of(self.city.dispatcher)
        found = self.app.test_client().get("/api/v1/cases", query_string={"limit": "200"}, headers=headers)
        assert found.status_code == 200, found.text
        cases: list[dict[str, Any]] = found.json["cases"]
        return cases

    def dispatch(self, case_id: str | UUID, squad_id: UUID | None = None) -> None:
        """File and dispatch a reported case."""
        self.act(case_id, "file")
        self.act(case_id, "dispatch", squad_id=str(squad_id or self.city.street_squad_id))

    def force_closed(self, *case_ids: str) -> None:
        """File cases and close them by force, proposed by one and confirmed by another."""
        client, first, second = self.app.test_client(), self.city.supervisor, self.city.acceptance
        for case_id in case_ids:
            self.act(case_id, "file")
            asked = client.post(
                f"/api/v1/cases/{case_id}/requests",
                json={"kind": "force_close", "reason": "无法处置"},
                headers=self.headers_of(first),
            )
            assert asked.status_code == 201, asked.text
            decided = client.post(
                f"/api/v1/requests/{asked.json['id']}/decision",
                json={"verdict": "approve", "reason": "同意"},
                headers=self.headers_of(second),
            )
            assert decided.status_code == 200, decided.text

    def quarantine(self, person: world.Person | None = None) -> list[dict[str, Any]]:
        """Return the quarantine as the city's administrator sees it."""
        headers = self.headers_of(person or self.city.admin)
        found = self.app.test_client().get("/api/v1/quarantine", query_string={"limit": "200"}, headers=headers)
        assert found.status_code == 200, found.text
        items: list[dict[str, Any]] = found.json["items"]
        return items

    def rows(self, query: Callable[..., Any], *args: object) -> Any:  # noqa: ANN401 (whatever the query returns)
        """Run a query on the database itself."""

        def run(session: Session) -> object:
            return query(session, *args)

        with self.app.app_context():
            return read(run)
