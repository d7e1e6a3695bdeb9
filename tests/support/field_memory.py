"""What the tests' small server remembers and answers, without HTTP; field_server.py gives it its doors."""

import hashlib
import json
from typing import Any
from uuid import uuid4

from support.field_feed import FieldFeed
from support.field_office import OFFICERS, FieldOffice, Reply, problem

__all__ = ["OFFICERS", "FieldServer", "problem"]

_NEXT = {"file": "filed", "dispatch": "dispatched", "send_check": "checking", "close": "closed"}


class FieldServer(FieldOffice):
    """The server's memory and its switches; every ``*_next`` switch counts down."""

    def __init__(self) -> None:
        super().__init__()
        self.inbox: dict[tuple[str, str], dict[str, Any]] = {}
        self.batches: list[list[str]] = []
        self.uploads: dict[str, dict[str, Any]] = {}
        self.photos: dict[str, bytes] = {}
        self.cases: dict[str, dict[str, Any]] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.events: dict[str, dict[str, Any]] = {}
        self.feed = FieldFeed()
        self.pages: dict[str | None, dict[str, Any]] = {}
        self.requests: list[str] = []
        self.delivered: list[str] = []
        self.told: list[dict[str, Any]] = []
        self.asked_news: list[bool] = []
        self.pulled_by: list[str] = []
        self.verified: list[list[str]] = []
        # Switches
        self.lose_answers = 0
        self.forge_macs = 0
        self.busy: list[int] = []
        self.portal_for = ""
        self.server_time = "2026-11-22T02:00:00.000Z"
        self.unmentioned: set[int] = set()
        self.answer_states: dict[int, str] = {}
        self.refuse_bodies_with = ""
        self.cut_patches_at: list[int] = []
        self.hash_mismatches = 0
        self.refuse_images = ""
        self.names_officer = ""
        self.answers_more: dict[str, Any] = {}

    # Handset half

    def push(self, body: dict[str, Any], install: dict[str, Any]) -> Reply:
        if self.refuse_bodies_with and any(self.refuse_bodies_with in item["body"] for item in body["items"]):
            return problem(400, "bad-request")
        self.told.append(body["on_handset"])
        self.asked_news.append("pull" in body)
        self.batches.append([item["id"] for item in body["items"]])
        results = []
        for index, item in enumerate(body["items"]):
            state = self.answer_states.get(item["dseq"])
            verdict = {"state": state} if state else self.store(item, install)
            if item["dseq"] not in self.unmentioned:
                results.append({"id": item["id"], "index": index, **verdict})
        answer = {"batch_id": body["batch_id"], "results": results, "photo_wants": [], **self.answers_more}
        if "pull" in body:
            status, page = self.pull(body["pull"]["cursor"], install)
            answer["pull"] = page if status == 200 else {"problem": page}
        return 200, answer

    def store(self, item: dict[str, Any], install: dict[str, Any]) -> dict[str, Any]:
        key = (item["id"], item["h"])
        if key in self.inbox:
            known = self.inbox[key]
            return {"state": "duplicate", "n": known["n"], "durability": "committed", "current": known["verdict"]}
        body = json.loads(item["body"])
        assert hashlib.sha256(item["body"].encode()).hexdigest() == item["h"]
        verdict: dict[str, Any] = {"state": "quarantined" if self.revoked else "applied"}
        if self.revoked:
            pass
        elif body["kind"] == "report":
            verdict["case_id"] = self.open_case(body, install)
        elif body["kind"] == "task_event":
            self.fold(body)
        n = 1 + max((row["n"] for row in self.inbox.values() if row["install_id"] == install["install_id"]), default=0)
        self.inbox[key] = {"body": item["body"], "install_id": install["install_id"], "verdict": verdict, "n": n}
        return {**verdict, "n": n, "durability": "committed"}

    def verify(self, body: dict[str, Any]) -> Reply:
        assert len(body["items"]) <= 1000
        self.verified.append([item["id"] for item in body["items"]])
        need = [item["id"] for item in body["items"] if (item["id"], item["h"]) not in self.inbox]
        return 200, {"need": need, "conflict": []}

    def open_case(self, body: dict[str, Any], install: dict[str, Any]) -> str:
        case_id = str(uuid4())
        hashes = [photo["sha256"] for photo in body["payload"]["photos"]]
        self.cases[case_id] = {
            "id": case_id, "state": "reported", "version": "v", "agency_id": "a", "origin": body["id"],
            "hashes": hashes, "reporter": install["officer"]["id"], "position": body["payload"]["position"],
        }  # fmt: skip
        return case_id

    def fold(self, body: dict[str, Any]) -> None:
        task = self.tasks.get(body["payload"]["task_id"])
        self.events[body["id"]] = body["payload"]
        if task is None:
            return
        task["status"] = body["payload"]["event"]
        case = self.cases[task["case_id"]]
        case["hashes"] += [photo["sha256"] for photo in body["payload"]["photos"]]
        if task["task_kind"] == "disposal":
            case["state"] = "disposed" if task["status"] == "done" else "in_disposal"

    def pull(self, cursor: str | None, install: dict[str, Any], *, want_digest: bool = False) -> Reply:
        refused = self.refusal("/sync/pull")
        if refused:
            return refused
        officer = install["officer"]
        self.pulled_by.append(officer["id"])
        status, page = self.page(officer, cursor, want_digest=want_digest)
        return status, page if status != 200 else {"officer_id": self.names_officer or officer["id"], **page}

    def page(self, officer: dict[str, Any], cursor: str | None, *, want_digest: bool) -> Reply:
        if self.pages:
            return 200, self.pages[cursor]
        if self.feed.visible or self.feed.log:
            self.feed.epoch = self.epoch
            return self.feed.page(officer["id"], cursor, want_digest=want_digest)
        changes = [
            {"op": "put", "type": "task", "id": task["task_id"], "v": "0" * 16, "data": task}
            for task in self.tasks.values()
            if officer["id"] == task["officer_id"] or (officer["squad_id"] and officer["squad_id"] == task["squad_id"])
        ]
        return 200, {"mode": "delta", "changes": changes, "next_cursor": "k0." + self.epoch, "has_more": False}

    # Desk half

    def act(self, case_id: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        case = self.cases[case_id]
        case["state"] = _NEXT[body["action"]]
        if body["action"] == "dispatch":
            self.add_task(case, "disposal", squad_id=body["squad_id"])
        if body["action"] == "send_check":
            self.add_task(case, "disposal_check", officer_id=case["reporter"])
        return 200, self.shown(case)

    def add_task(
        self, case: dict[str, Any], kind: str, *, squad_id: str | None = None, officer_id: str | None = None
    ) -> None:
        task_id = str(uuid4())
        self.tasks[task_id] = {
            "task_id": task_id, "case_id": case["id"], "task_kind": kind, "assignment_no": 1, "status": "assigned",
            "position": case["position"], "squad_id": squad_id, "officer_id": officer_id,
        }  # fmt: skip

    def shown(self, case: dict[str, Any]) -> dict[str, Any]:
        present = sum(sha256 in self.photos for sha256 in case["hashes"])
        tasks = [task for task in self.tasks.values() if task["case_id"] == case["id"]]
        return {**case, "evidence_expected": len(case["hashes"]), "evidence_present": present, "tasks": tasks}
