"""The desk's side of the day, through the public API only: enrolment codes, filing, dispatching, closing.

Knows the desk endpoints of the server as any other client would.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import httpx

from sync.handset.line import Line, LineBroken, Refused

_T = TypeVar("_T")
_OPEN_STATES = ("reported", "filed", "dispatched", "returned", "in_disposal", "disposed", "checking", "rework")
_PAGE = 100
_PAUSE = 0.5
_DISPATCHERS = 4


class DeskError(Exception):
    """The desk cannot work: wrong login, missing role, or no server; the sentence says which."""


class Desk:
    """One signed-in officer at a desk; signs in again by itself when the session ends.

    ``patience``: seconds for which preparations wait out a server that does not answer.
    """

    def __init__(self, url: str, login: str, password: str, *, patience: float) -> None:
        self._line = Line(url)
        self.patience = patience
        self._login = login
        self._password = password

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def officers(self, role: str) -> list[dict[str, Any]]:
        """Return the officers with one role, in the server's order."""
        return list(self._patiently("GET", f"/officers?{httpx.QueryParams(role=role, limit=200)}")["officers"])

    def enrolment_code(self, officer_id: str) -> str:
        """Return a new single-use enrolment code for one officer."""
        return str(self._patiently("POST", "/enrolment-codes", {"officer_id": officer_id})["code"])

    def cases(self, state: str, among: Collection[str]) -> list[dict[str, Any]]:
        """Return the cases in one state whose ids are among the given ones."""
        found: list[dict[str, Any]] = []
        after = None
        while True:
            query = {"state": state, "limit": str(_PAGE), **({"after": after} if after else {})}
            page = self.ask("GET", f"/cases?{httpx.QueryParams(query)}")
            found += [case for case in page["cases"] if case["id"] in among]
            after = page["next"]
            if not after:
                return found

    def case(self, case_id: str) -> dict[str, Any]:
        """Return one case with its timeline, evidence and tasks."""
        return self.ask("GET", f"/cases/{case_id}")

    def act(self, case: Mapping[str, Any], action: str, **facts: str) -> dict[str, Any]:
        """Do one action on a case as it was seen; raises Refused when it may not be done (any more)."""
        body = {"action": action, "version": case["version"], **facts}
        return self.ask("POST", f"/cases/{case['id']}/actions", body)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send one request, signing in first where needed; raises LineBroken or Refused."""
        if self._line.credential is None:
            self._sign_in()
        try:
            return self._line.ask(method, path, body)
        except Refused as error:
            if error.status != httpx.codes.UNAUTHORIZED:
                raise
            self._sign_in()
            return self._line.ask(method, path, body)

    def _sign_in(self) -> None:
        self._line.credential = None
        answer = self._line.ask("POST", "/sessions", {"login": self._login, "password": self._password})
        self._line.credential = str(answer["token"])

    def _patiently(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        try:
            return patiently(lambda: self.ask(method, path, body), self.patience)
        except Refused as error:
            raise DeskError(f"{self._login} may not {method} {path}: {error}") from error
        except LineBroken as error:
            raise DeskError(f"no answer from the server: {error}. Is it running at this address (make run)?") from error


def patiently(attempt: Callable[[], _T], patience: float) -> _T:
    """Try again after every broken line, for at most ``patience`` seconds; then the last error goes on."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return attempt()
        except LineBroken as error:
            if time.monotonic() > deadline:
                raise
            time.sleep(min(error.retry_after or _PAUSE, 5.0))


class Dispatcher:
    """Plays the dispatcher: every round moves each of the fleet's cases as far as the rules allow."""

    def __init__(self, desk: Desk, squads: Sequence[Mapping[str, Any]]) -> None:
        self._desk = desk
        self._squads = squads
        self._finished: frozenset[str] = frozenset()
        self.actions = 0
        self.refusals: list[str] = []

    def round(self, cases: Collection[str]) -> None:
        """Look through the fleet's cases once; raises LineBroken when the server is away.

        States are read in the order that cases pass them, so a case that moves meanwhile is seen later, never
        missed.
        """
        unfinished: set[str] = set()
        # A desk has several dispatchers; one alone would be what the whole fleet waits for.
        with ThreadPoolExecutor(_DISPATCHERS) as pool:
            for state in _OPEN_STATES:
                found = list(self._desk.cases(state, cases))
                unfinished |= {case["id"] for case in found}
                self.actions += sum(pool.map(partial(self._treat, state), found))
        self._finished = frozenset(cases) - unfinished

    def is_idle(self, cases: Collection[str]) -> bool:
        """Say whether the last round found all these cases closed."""
        return self._finished >= set(cases)

    def _treat(self, state: str, case: Mapping[str, Any]) -> bool:
        """Move one case on if it may; returns whether it moved."""
        if state == "reported":
            return self._act(case, "file")
        if state in {"filed", "returned"}:
            return self._act(case, "dispatch", squad_id=self._squad_for(case))
        if state == "disposed":
            return self._act(case, "send_check")
        if state == "checking":
            whole = self._desk.case(case["id"])
            complete = whole["evidence_present"] >= whole["evidence_expected"]
            if complete and any(_is_checked(task) for task in whole["tasks"]):
                return self._act(whole, "close")
        return False

    def _squad_for(self, case: Mapping[str, Any]) -> str:
        """Choose among the fleet's squads, those of the case's own agency first; the same case, the same squad."""
        own = [squad for squad in self._squads if squad["agency_id"] == case["agency_id"]] or self._squads
        return str(own[int(str(case["id"]).replace("-", ""), 16) % len(own)]["squad_id"])

    def _act(self, case: Mapping[str, Any], action: str, **facts: str) -> bool:
        try:
            self._desk.act(case, action, **facts)
        except Refused as error:
            # Somebody moved the case meanwhile, or a photograph is still on its way: the next round looks again.
            self.refusals.append(f"{action}: {error}")
            return False
        return True


def _is_checked(task: Mapping[str, Any]) -> bool:
    return (task["task_kind"], task["status"]) == ("disposal_check", "done")
