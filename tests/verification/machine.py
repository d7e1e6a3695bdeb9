"""The state machine of Field Sync 1: anything that handsets, desks, networks and operators may do, in any order.

The model is small on purpose: what was recorded, what was acknowledged, what may be seen. At the end of every
example the line is clean, everybody sends what is not acknowledged, and the books are audited from the tables.
"""

import json
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from support.field import report
from verification.told import stories
from verification.wire_handset import Made, WireHandset

from server.clock import use
from server.current import blobs
from server.db import glance, read
from server.simulation.audit import audit
from server.simulation.grants import mirrored
from sync.simulation import MadeItem, Truth
from sync.simulation.desk import Desk
from sync.simulation.machine import VirtualTime
from sync.simulation.trace import Trace

ACKNOWLEDGING = {"applied", "duplicate", "waiting", "quarantined", "superseded", "conflict"}
NEXT = {"assigned": ("accepted", "declined", "done"), "accepted": ("started", "done"), "started": ("done",)}
DESK = {"reported": "file", "filed": "dispatch", "disposed": "send_check", "checking": "redo"}
choice = st.integers(min_value=0, max_value=2**16)
who = st.integers(min_value=0, max_value=2)


@cache
def enrolled() -> list[WireHandset]:
    """Enrol the three handsets of all examples, once: keys and enrolments cost more than an example."""
    site = stories().site
    site.begin(Truth())
    admin = Desk(site, "admin", Trace())
    people = site.people()
    officers = [*list(people["collector"])[:1], *list(people["squad"])[:2]]
    handsets = [WireHandset(site.door, officer_id) for officer_id in officers]
    for handset in handsets:
        handset.enrol(admin.enrolment_code(handset.officer_id))
    site.keep_beginning()
    return handsets


class ProtocolMachine(RuleBasedStateMachine):
    """Three installs: one that reports, two of two squads that dispose."""

    def __init__(self) -> None:
        super().__init__()
        self.site = stories().site
        self.truth, self.time = Truth(), VirtualTime()
        self.stack = ExitStack()
        self.stack.enter_context(use(self.time.now))
        self.desk, self.admin = (Desk(self.site, role, Trace()) for role in ("dispatcher", "admin"))
        self.handsets = [replace(one, made=[], held={}) for one in enrolled()]
        self.site.begin(self.truth, enrolled=True)
        self.back_up()

    @rule(who=who, count=st.integers(min_value=1, max_value=4))
    def record_reports(self, who: int, count: int) -> None:
        for _ in range(count):
            self._made(self.handsets[who], "report", report())

    @rule(who=who, pick=choice)
    def answer_a_task(self, who: int, pick: int) -> None:
        handset = self.handsets[who]
        tasks = [data for (kind, _), (_, data) in sorted(handset.held.items()) if kind == "task"]
        tasks = [task for task in tasks if task["status"] in NEXT]
        if not tasks:
            return
        task = tasks[pick % len(tasks)]
        steps = ("done",) if task["task_kind"] == "disposal_check" else NEXT[task["status"]]
        payload = {
            "task_id": task["task_id"],
            "assignment_no": task["assignment_no"],
            "event": steps[pick % len(steps)],
            "note": None,
            "result": "passed" if task["task_kind"] == "disposal_check" else None,
            "photos": [],
        }
        self._made(handset, "task_event", payload)

    @rule(who=who, order=st.randoms(use_true_random=False), share=st.floats(0.1, 1), lose=st.booleans())
    def push_what_is_not_acknowledged(self, who: int, order: Any, share: float, lose: bool) -> None:  # noqa: ANN401, FBT001 (drawn by Hypothesis)
        handset = self.handsets[who]
        items = [made for made in handset.made if not made.acked]
        order.shuffle(items)
        self._push(handset, items[: max(1, int(len(items) * share))], lose=lose)

    @rule(who=who, order=st.randoms(use_true_random=False), lose=st.booleans())
    def push_everything_again_and_some_twice(self, who: int, order: Any, lose: bool) -> None:  # noqa: ANN401, FBT001 (drawn by Hypothesis)
        handset = self.handsets[who]
        items = [*handset.made, *handset.made[:2]]
        order.shuffle(items)
        self._push(handset, items, lose=lose)

    @rule(who=who, pick=choice)
    def push_an_edited_item(self, who: int, pick: int) -> None:
        handset = self.handsets[who]
        sent = [made for made in handset.made if made.acked]
        if sent and handset.install_id not in self.truth.revoked:
            item = sent[pick % len(sent)].item
            edited = handset.sealed({**_document(item), "kv": 1, "payload": report(description=f"edited {pick}")})
            result = handset.push([edited]).json()["results"][0]
            assert result["state"] in {"conflict", "duplicate"}
            self.truth.edited.add((handset.install_id, item["id"]))

    @rule(who=who, limit=st.sampled_from([1, 3, 200]))
    def pull(self, who: int, limit: int) -> None:
        handset = self.handsets[who]
        for _ in range(100):
            query = f"/sync/pull?limit={limit}&want_digest=1" + (f"&cursor={handset.cursor}" if handset.cursor else "")
            answer = handset.ask("GET", query)
            if answer.status_code == 410:
                self._reconcile(handset)
                continue
            if handset.install_id in self.truth.revoked:
                assert answer.status_code == 403
                return
            page = answer.json()
            handset.apply(page, page["next_cursor"])
            if not page["has_more"]:
                self._compare(handset, page["digest"])
                return
        raise AssertionError("a pull does not end")

    @rule(who=who)
    def reconcile(self, who: int) -> None:
        if self.handsets[who].install_id not in self.truth.revoked:
            self._reconcile(self.handsets[who])

    @rule(pick=choice, squad=choice)
    def desk_step(self, pick: int, squad: int) -> None:
        cases = [case for case in self.desk.cases() if case["state"] in DESK]
        if cases:
            case = cases[pick % len(cases)]
            squads = list(self.site.people()["squads"])
            members = {"squad_id": squads[squad % len(squads)]} if DESK[case["state"]] in {"dispatch", "redo"} else {}
            self.desk.act(case, DESK[case["state"]], reason="再做一次", **members)

    @rule(who=st.integers(min_value=1, max_value=2), squad=choice)
    def move_an_officer(self, who: int, squad: int) -> None:
        squads = [*self.site.people()["squads"], None]
        self.site.move(self.handsets[who].officer_id, squads[squad % len(squads)])

    @precondition(lambda self: not self.truth.revoked)
    @rule()
    def revoke_the_third(self) -> None:
        if self.admin.revoke(self.handsets[2].install_id):
            self.truth.revoked[self.handsets[2].install_id] = 0

    @rule()
    def purge_marks(self) -> None:
        self.site.purge_marks()

    @rule(with_queue=st.booleans())
    def work(self, with_queue: bool) -> None:  # noqa: FBT001 (drawn by Hypothesis)
        self.site.sweep(with_queue=with_queue)

    @rule()
    def back_up(self) -> None:
        self.site.snapshot(in_full=False)
        self.revoked_then = dict(self.truth.revoked)

    @precondition(lambda self: self.truth.restores < 2)
    @rule(as_backup=st.booleans())
    def restore(self, as_backup: bool) -> None:  # noqa: FBT001 (drawn by Hypothesis)
        self.site.restore(as_backup=as_backup, with_blobs=True)
        self.truth.restores += 1
        self.truth.copied_back += not as_backup
        self.truth.revoked = dict(self.revoked_then)

    def teardown(self) -> None:
        try:
            self._calm()
        finally:
            self.stack.close()

    def _calm(self) -> None:
        """Let everybody deliver, twice where the first answer showed that something is lacking, then see everything."""
        for handset in self.handsets:
            self._push(handset, [made for made in handset.made if not made.acked], lose=False)
            if left := [made for made in handset.made if not made.acked]:
                self._push(handset, left, lose=False)
        self.site.sweep(with_queue=True)
        for who in range(len(self.handsets)):
            self.pull(who, 200)
        with self.site.app.app_context():
            store = blobs()
            found = read(lambda session: list(audit(session, self.truth, store)))
        assert [*map(str, self.truth.findings), *found] == []

    def _made(self, handset: WireHandset, kind: str, payload: dict[str, Any]) -> None:
        item = handset.record(kind, payload).item
        self.truth.items.append(
            MadeItem(handset.install_id, handset.officer_id, item["id"], item["h"], kind, photos=())
        )

    def _push(self, handset: WireHandset, items: list[Made], *, lose: bool) -> None:
        """Push; a lost answer acknowledges nothing. Whatever the answer acknowledges must be in the store."""
        answer = handset.push([made.item for made in items])
        for made in items:
            made.sent = True
        if lose:
            return
        assert answer.status_code == 200, answer.text
        results = answer.json()["results"]
        assert [result["id"] for result in results] == [made.item["id"] for made in items]
        stored = set(self.site.stored(handset.install_id))
        for made, result in zip(items, results, strict=True):
            assert result["state"] in ACKNOWLEDGING
            assert (made.item["id"], made.item["h"]) in stored
            made.acked = True
        revoked = handset.install_id in self.truth.revoked
        if not revoked and (handset.must_verify or answer.json().get("verify")):
            self._verify(handset)

    def _verify(self, handset: WireHandset) -> None:
        acked = [made for made in handset.made if made.acked]
        pairs = [{"id": made.item["id"], "h": made.item["h"]} for made in acked]
        answer = handset.ask("POST", "/sync/verify", {"items": pairs, "acked_count": len(acked)})
        assert answer.status_code == 200, answer.text
        need = set(answer.json()["need"])
        stored = {item_id for item_id, _ in self.site.stored(handset.install_id)}
        assert need == {made.item["id"] for made in acked} - stored
        for made in acked:
            made.acked = made.item["id"] not in need
        handset.must_verify = False

    def _reconcile(self, handset: WireHandset) -> None:
        manifest = [[kind, entity_id, version] for (kind, entity_id), (version, _) in sorted(handset.held.items())]
        page: Any = None
        while True:
            answer = handset.ask("POST", "/sync/reconcile", {"manifest": manifest, "page": page, "limit": 2})
            if handset.install_id in self.truth.revoked:
                assert answer.status_code == 403
                handset.cursor = None
                return
            assert answer.status_code == 200, answer.text
            told = answer.json()
            handset.apply(told, told.get("next_cursor"))
            page = told.get("next_page")
            if not told["has_more"]:
                break

    def _compare(self, handset: WireHandset, digest: dict[str, Any]) -> None:
        """Compare the mirror with the server's digest, and both with what the tables say may be seen (P5)."""
        assert (digest["n"], digest["value"]) == (len(handset.held), handset.digest())
        with self.site.app.app_context():
            wanted = glance(mirrored, UUID(handset.install_id))
        assert {(kind, entity_id, version) for (kind, entity_id), (version, _) in handset.held.items()} == wanted


def _document(item: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(item["body"])
    return found
