"""Pull and reconcile: the active officer's mirror follows what the server grants.

Pages on the back of a push are taken here too. Which path is due is written down before it is taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from sync.handset.device import Device
from sync.handset.line import LineBroken, Refused
from sync.handset.link import Link
from sync.handset.mirror import Mirror
from sync.handset.officers import Officers
from sync.handset.outbox import TOLD_STATES, Outbox
from sync.handset.reconciliation import Reconciliation
from sync.handset.shifts import Shifts
from sync.handset.tally import SyncTally

PAGE_LIMIT = 200
RECONCILE, EXPIRED = "reconcile-required", "session-expired"
# The server is behind what it once told: it may lack more than the mirror's changes.
_SERVER_WENT_BACK = frozenset({"epoch", "ahead"})
_MOST_RESTARTS = 2
_PAGE_VOID = frozenset({httpx.codes.BAD_REQUEST, httpx.codes.GONE, httpx.codes.UNPROCESSABLE_ENTITY})


class ForeignPage(LineBroken):
    """The page is of the mirror of an officer who is not the active one; it was left alone."""


@dataclass
class Pulling:
    """Pulls of one device."""

    device: Device
    link: Link
    outbox: Outbox
    officers: Officers
    shifts: Shifts

    def mirror(self, tally: SyncTally | None = None) -> Mirror:
        """Return the active officer's mirror; receipts that come with its pages go to the outbox."""

        def receive(receipt: Mapping[str, Any]) -> None:
            changed = self.outbox.receive(receipt)
            if changed is not None and tally is not None:
                tally.receipts += 1
                if changed.state in TOLD_STATES:
                    tally.told.append(f"Record {changed.dseq} is now {changed.state}.")

        return Mirror(self.device.store, self.officers.active(), receive)

    def reconciliation(self, mirror: Mirror) -> Reconciliation:
        """Return the active officer's reconciliation."""
        return Reconciliation(self.device.store, self.officers.active(), mirror)

    def cursor_to_send(self) -> dict[str, object] | None:
        """Return a push's ``pull`` member; None while a page could not be taken for the active officer's."""
        mirror = self.mirror()
        settled = self.officers.is_on_shift() and not self.device.is_wiped
        if not settled or self._why_reconcile(mirror):
            return None
        return {"cursor": mirror.cursor(), "limit": PAGE_LIMIT}

    def take(self, page: object, tally: SyncTally) -> None:
        """Take the page on the back of a push, or note what its problem calls for."""
        if not isinstance(page, Mapping):
            return
        problem = page.get("problem", page if "type" in page else None)
        if isinstance(problem, Mapping):
            self.link.obey(problem)
            self._note_problem(Refused(int(problem.get("status", 0)), problem))
        elif "changes" in page:
            mirror = self.mirror(tally)
            # The very answer may have told of a new epoch: then its page is of no mirror that is known here.
            if self._is_of_active_officer(page) and self._why_reconcile(mirror) is None:
                tally.is_current = not self._apply(mirror.apply, mirror, page, tally)

    def pull(self, tally: SyncTally) -> None:
        """Bring the mirror up to date, by delta pages or by reconciling; renews the session once where needed."""
        renewed, restarts = False, 0
        while not tally.is_current:
            try:
                self.shifts.demand_session()
                tally.is_current = not self._step(tally)
            except Refused as error:
                if error.slug == EXPIRED and not renewed:
                    renewed = True
                    self.shifts.open_session(self.officers.active())
                elif error.slug != EXPIRED and restarts < _MOST_RESTARTS and self._note_problem(error):
                    restarts += 1
                else:
                    raise
            except ForeignPage:
                if renewed:
                    raise
                renewed = True

    def reconcile(self, tally: SyncTally, because: str) -> None:
        """Reconcile the mirror from the first page on, whatever it holds, then pull what changed meanwhile."""
        self.reconciliation(self.mirror()).demand(because)
        tally.is_current = False
        self.pull(tally)

    def _step(self, tally: SyncTally) -> bool:
        """Take one page of whichever path is due; returns whether more is to come."""
        mirror = self.mirror(tally)
        because = self._why_reconcile(mirror)
        if because is None:
            return self._pull_page(mirror, tally)
        reconciliation = self.reconciliation(mirror)
        progress = reconciliation.progress()
        body = {"manifest": progress.manifest, "page": progress.page, "limit": PAGE_LIMIT, "because": because}
        try:
            page = self._page("POST", "/sync/reconcile", body, "has_more")
        except Refused as error:
            if progress.page is not None and error.status in _PAGE_VOID:
                # The middle of an old round is worth nothing any more; its beginning always is.
                reconciliation.demand(because)
            raise
        _demand_step(page, "next_page", progress.page)
        if not self._apply(reconciliation.apply, mirror, page, tally):
            tally.reconciled += 1
        # Also after the last page: only a pull brings what changed meanwhile.
        return True

    def _pull_page(self, mirror: Mirror, tally: SyncTally) -> bool:
        cursor = mirror.cursor()
        query = {"limit": str(PAGE_LIMIT), **({"cursor": cursor} if cursor else {})}
        if self.device.store.count("SELECT want_digest FROM officers WHERE id = ?", self.officers.active()):
            query["want_digest"] = "1"
        path = f"/sync/pull?{httpx.QueryParams(query)}"
        page = self._page("GET", path, None, "next_cursor", "has_more")
        _demand_step(page, "next_cursor", cursor)
        return self._apply(mirror.apply, mirror, page, tally)

    def _page(self, method: str, path: str, body: dict[str, Any] | None, *members: str) -> dict[str, Any]:
        """Ask for a page of the active officer's mirror; raises ForeignPage for another officer's."""
        page = self.link.ask(method, path, body, members=("changes", "officer_id", *members))
        if not self._is_of_active_officer(page):
            raise ForeignPage("the server's page is another officer's")
        return page

    def _is_of_active_officer(self, page: Mapping[str, Any]) -> bool:
        """Say whose page it is. Another's says that the server has another officer on shift than was believed."""
        if page.get("officer_id") == self.officers.active():
            return True
        self.officers.forget_shift()
        return False

    def _apply(self, apply: Any, mirror: Mirror, page: Mapping[str, Any], tally: SyncTally) -> bool:  # noqa: ANN401
        """Apply one page; returns whether more is to come: pages, or a reconciliation that its digest calls for."""
        try:
            more = bool(apply(page))
        except (KeyError, TypeError, AttributeError) as error:
            raise LineBroken(f"the page lacks what a page must have: {error!r}") from error
        tally.pages += 1
        if more or page.get("mode") == "reconcile":
            return more
        reconciliation = self.reconciliation(mirror)
        if reconciliation.doubt(page.get("digest"), self.device.now()):
            tally.digest_differed = True
            return reconciliation.because() is not None
        return False

    def _why_reconcile(self, mirror: Mirror) -> str | None:
        because = self.reconciliation(mirror).because()
        if because is None and mirror.cursor() is None and not mirror.is_empty():
            return "bad_cursor"
        return because

    def _note_problem(self, refusal: Refused) -> bool:
        """Note what a refused pull calls for; returns whether trying again makes sense."""
        if refusal.slug == RECONCILE:
            reason = str(refusal.problem.get("reason", "expired"))
            if reason in _SERVER_WENT_BACK:
                self.device.demand_verify(reason)
            self.reconciliation(self.mirror()).demand(reason)
            return True
        if refusal.slug == EXPIRED:
            self.officers.forget_shift()
            return True
        mirror_due = self.reconciliation(self.mirror()).because() is not None
        return mirror_due and refusal.status in _PAGE_VOID


def _demand_step(page: Mapping[str, Any], name: str, before: str | None) -> None:
    """Refuse a page that promises more and leads to itself: a faulty server must not keep a handset busy for ever."""
    if page["has_more"] and page.get(name) == before:
        raise LineBroken(f"the server's pages do not go on: {name} stays the same")
