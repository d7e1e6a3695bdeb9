"""The demo's desk officers: enrolment codes, filing, dispatching, checking, closing, and the review of photographs."""

from uuid import UUID

from server.casework.operations import Given, act
from server.db import read, transact
from server.demo.field import SeedError
from server.demo.matters import REDO_REASON, RETURN_REASONS
from server.demo.plan import Deed, Step
from server.demo.roster import Roster, actor_of
from server.evidence.operations import review
from server.evidence.queries import of_owner
from server.identity.operations import create_enrolment_code
from server.identity.rules import Actor

ACTIONS = {
    Deed.FILE: "file",
    Deed.DISPATCH: "dispatch",
    Deed.SEND_CHECK: "send_check",
    Deed.REDO: "redo",
    Deed.CLOSE: "close",
}
_DOERS = {Deed.FILE: "acceptance", Deed.CLOSE: "acceptance"}
# Cases whose photographs the reviewer has seen: all accepted; or the first returned, for this reason.
_ACCEPTED = (1, 2, 4, 6)
_RETURNED = dict(zip((3, 8), RETURN_REASONS, strict=True))


class DemoDesk:
    """Everybody who signs in at a desk, without signing in: the operations are the same."""

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self._actors: dict[str, Actor] = {}

    def enrolment_code(self, login: str) -> str:
        """Return a fresh code for a field officer's handset."""
        return transact(create_enrolment_code, self.actor("admin"), self.roster.officers[login]).code

    def do(self, step: Step, case_id: str) -> None:
        """Act on a case as the step says."""
        transact(
            act,
            self.actor(_DOERS.get(step.deed, "dispatcher")),
            UUID(case_id),
            ACTIONS[step.deed],
            Given(
                reason=REDO_REASON if step.deed is Deed.REDO else None,
                squad_id=self.roster.squads[step.case.squad] if step.deed is Deed.DISPATCH else None,
            ),
        )

    def review(self, cases: dict[int, str]) -> None:
        """Review the photographs of a few cases, those that arrived."""
        reviewer = self.actor("reviewer")
        for number in (*_ACCEPTED, *_RETURNED):
            arrived = [row for row in read(of_owner, "case", UUID(cases[number])) if row.present_at is not None]
            for nth, row in enumerate(arrived):
                reason = _RETURNED.get(number) if nth == 0 else None
                transact(review, reviewer, row.id, "returned" if reason else "accepted", reason=reason)

    def actor(self, login: str) -> Actor:
        """Return what a session of this login carries; nobody's rights change while the city is built."""
        if login not in self._actors:
            found = read(actor_of, login)
            if found is None:
                raise SeedError(f"the demo account {login} is gone")
            self._actors[login] = found
        return self._actors[login]
