"""Row `scope`: between any two requests grants change at random, and no body holds what is not granted at that moment.

Trials stand in blocks: a block is one city by its seed, a trial one change and then every kind of request by one
handset. Each answer is searched for ids and hashes that its install may not see (server/simulation/grants.py).
"""

import time
from contextlib import ExitStack
from random import Random
from typing import Any
from uuid import UUID, uuid4

from support.field import Photo, report
from verification.rows.result import Result
from verification.told import stories
from verification.wire_handset import WireHandset

from server.clock import use
from server.db import glance
from server.simulation.grants import mirrored
from server.simulation.stories import Stories, photograph
from sync.simulation import Truth
from sync.simulation.desk import Desk
from sync.simulation.machine import VirtualTime
from sync.simulation.trace import Trace

ROW = "scope"
BLOCK = 25
_DESK = {"reported": "file", "filed": "dispatch", "disposed": "send_check", "checking": "redo"}


def run(count: int, start: int = 0, database: str = "sqlite") -> Result:
    """Do ``count`` trials; those of the block that ``start`` lies in begin with the block."""
    began, failures = time.monotonic(), list[str]()
    for first in range(start - start % BLOCK, start + count, BLOCK):
        failures += [f"block {first}: {finding}" for finding in _block(stories(), first)]
    return Result(ROW, database, start, count, tuple(failures), time.monotonic() - began)


def _block(stories: Stories, first: int) -> list[str]:
    truth, clock = Truth(), VirtualTime()
    stories.site.begin(truth)
    with ExitStack() as stack:
        stack.enter_context(use(clock.now))
        city = _City(stories, truth, Random(first))  # noqa: S311 (a simulation, not a secret)
        for _ in range(BLOCK):
            city.change()
            city.ask_everything()
    return [str(finding) for finding in truth.findings]


class _City:
    """One collector and one officer of each squad, who ask for everything all the time."""

    def __init__(self, stories: Stories, truth: Truth, chance: Random) -> None:
        self._site, self._truth, self._chance = stories.site, truth, chance
        self._desk, self._admin = (Desk(self._site, role, Trace()) for role in ("dispatcher", "admin"))
        people = self._site.people()
        self._handsets = [
            WireHandset(self._site.door, officer_id)
            for officer_id in (*list(people["collector"])[:2], *list(people["squad"])[:2])
        ]
        for handset in self._handsets:
            handset.enrol(self._admin.enrolment_code(handset.officer_id))
        self._revoked: set[str] = set()
        self._serial = 0

    def change(self) -> None:
        """Change who may see what."""
        chance = self._chance
        throw = chance.random()
        if throw < 0.3:
            self._serial += 1
            photo = Photo(photograph(self._serial))
            chance.choice(self._handsets).record("report", report(photo))
        elif throw < 0.7:
            self._desk_step()
        elif throw < 0.97:
            mover = chance.choice(self._handsets[2:])
            self._site.move(mover.officer_id, chance.choice([*self._site.people()["squads"], None]))
        elif not self._revoked:
            lost = chance.choice(self._handsets)
            if self._admin.revoke(lost.install_id):
                self._revoked.add(lost.install_id)

    def _desk_step(self) -> None:
        cases = [case for case in self._desk.cases() if case["state"] in _DESK]
        if cases:
            case = self._chance.choice(cases)
            action = _DESK[case["state"]]
            squad_id = self._chance.choice(list(self._site.people()["squads"]))
            members = {"squad_id": squad_id} if action in {"dispatch", "redo"} else {}
            self._desk.act(case, action, reason="重新派", **members)

    def ask_everything(self) -> None:
        """Let one handset push, resend, edit, pull, verify, reconcile and read documents."""
        handset = self._chance.choice(self._handsets)
        handset.push([made.item for made in handset.made])
        for made in handset.made:
            made.acked = True
        self._answer_a_task(handset)
        self._edit(handset)
        self._spy(handset)
        for path in ("/sync/hello", "/reference/squads"):
            handset.ask("GET", path)
        if handset.install_id not in self._revoked:
            self._mirror(handset)

    def _answer_a_task(self, handset: WireHandset) -> None:
        tasks = [data for (kind, _), (_, data) in handset.held.items() if kind == "task"]
        if tasks and self._chance.random() < 0.3:
            task = self._chance.choice(tasks)
            named = {"task_id": task["task_id"], "assignment_no": task["assignment_no"]}
            payload = {**named, "event": self._chance.choice(("accepted", "declined", "done")), "photos": []}
            handset.record("task_event", {**payload, "note": None, "result": None})

    def _edit(self, handset: WireHandset) -> None:
        if handset.made and self._chance.random() < 0.3:
            item = self._chance.choice(handset.made).item
            document = {"id": item["id"], "dseq": item["dseq"], "prev": None, "kind": "report", "kv": 1}
            captured = {"wall": "2026-11-22T08:31:02.120+08:00", "boot_id": "b7", "mono_ms": 1, "gnss_time": None}
            whole = {**document, "officer_id": handset.officer_id, "captured": captured, "payload": report()}
            handset.push([handset.sealed(whole)])

    def _spy(self, handset: WireHandset) -> None:
        """Ask about items of another install: all are needed, whether they exist or not."""
        other = self._chance.choice([one for one in self._handsets if one is not handset])
        pairs = [{"id": made.item["id"], "h": made.item["h"]} for made in other.made]
        pairs.append({"id": str(uuid4()), "h": "0" * 64})
        answer = handset.ask("POST", "/sync/verify", {"items": pairs, "acked_count": 0})
        own = {made.item["id"] for made in handset.made}
        if answer.is_success and set(answer.json()["need"]) != {pair["id"] for pair in pairs} - own:
            self._truth.breach("P6", "verify told which items of another install exist")

    def _mirror(self, handset: WireHandset) -> None:
        """Bring the mirror up to date and compare it with what may be seen."""
        for _ in range(50):
            cursor = f"&cursor={handset.cursor}" if handset.cursor else ""
            answer = handset.ask("GET", f"/sync/pull?limit=5{cursor}")
            page: dict[str, Any] = answer.json()
            if answer.is_success:
                handset.apply(page, page["next_cursor"])
            elif answer.status_code == 410:
                self._reconcile(handset)
                continue
            if not page.get("has_more"):
                break
        with self._site.app.app_context():
            wanted = glance(mirrored, UUID(handset.install_id))
        held = {(kind, entity_id, version) for (kind, entity_id), (version, _) in handset.held.items()}
        if held != wanted:
            self._truth.breach("P5", f"a mirror holds {len(held - wanted)} too many and {len(wanted - held)} too few")

    def _reconcile(self, handset: WireHandset) -> None:
        manifest = [[kind, entity_id, version] for (kind, entity_id), (version, _) in handset.held.items()]
        page, more = None, True
        while more:
            told = handset.ask("POST", "/sync/reconcile", {"manifest": manifest, "page": page, "limit": 5}).json()
            handset.apply(told, told.get("next_cursor"))
            page, more = told.get("next_page"), told.get("has_more", False)
