"""The desk of a simulated city: files, dispatches, checks and closes cases through the public API, on a clean line.

A desk that the server dies under, or whose step a handset's answer made impossible, just goes on.
"""

from collections.abc import Mapping
from typing import Any

import httpx

from sync.simulation.ports import Site, SiteKilled
from sync.simulation.trace import Trace

ADDRESS = "http://xuncha.simulated"
_API = f"{ADDRESS}/api/v1"


class Desk:
    """One person at a desk, by role."""

    def __init__(self, site: Site, role: str, trace: Trace) -> None:
        self._site = site
        self._trace = trace
        self._role = role

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response | None:
        """Ask the server; None when it died meanwhile."""
        headers = {"Authorization": f"Bearer {self._site.desk_token(self._role)}"}
        request = httpx.Request(method, _API + path, headers=headers, json=body)
        try:
            return self._site.door(request)
        except SiteKilled:
            self._trace.note(self._role, f"{method} {path}: the server died")
            return None

    def cases(self) -> list[dict[str, Any]]:
        """Return up to 200 cases, newest first."""
        answer = self.ask("GET", "/cases?limit=200")
        return [] if answer is None or answer.is_error else list(answer.json()["cases"])

    def act(self, case: Mapping[str, Any], action: str, **members: object) -> None:
        """Do one step on a case; a refusal is part of the story."""
        body = {"action": action, **members}
        answer = self.ask("POST", f"/cases/{case['id']}/actions", body)
        if answer is not None:
            outcome = answer.json()["state"] if answer.is_success else _slug(answer)
            self._trace.note(self._role, f"{action} {case['id']} ({case['state']}): {outcome}")

    def enrolment_code(self, officer_id: str) -> str:
        """Issue a code for an officer; the story has not begun, so nothing may go wrong."""
        answer = self.ask("POST", "/enrolment-codes", {"officer_id": officer_id})
        if answer is None or answer.is_error:
            raise RuntimeError(f"the simulated city issues no enrolment code: {answer and answer.text}")
        return str(answer.json()["code"])

    def revoke(self, install_id: str) -> bool:
        """Revoke a handset; says whether the server did."""
        answer = self.ask("POST", f"/handsets/{install_id}/revoke")
        return answer is not None and answer.is_success


def _slug(answer: httpx.Response) -> str:
    return str(answer.json().get("type", "")).rpartition("/")[2] or str(answer.status_code)
