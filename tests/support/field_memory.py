"""What the tests' small server remembers and answers, without HTTP; field_server.py gives it its doors."""

import hashlib
import json
import threading
from typing import Any
from uuid import uuid4

OFFICERS: list[dict[str, Any]] = [
    {
        "id": str(uuid4()),
        "login": f"c{n}",
        "name": f"采集员{n}",
        "squad_id": None,
        "agency_id": "a",
        "roles": ["collector"],
    }
    for n in range(2)
] + [
    {
        "id": str(uuid4()),
        "login": f"e{n}",
        "name": f"队员{n}",
        "squad_id": f"s{n}",
        "agency_id": "a",
        "roles": ["enforcement_officer"],
    }
    for n in range(2)
]
LIMITS = {"max_items": 200, "max_bytes": 1048576, "max_item_bytes": 262144, "max_photo_bytes": 26214400}
_NEXT = {"file": "filed", "dispatch": "dispatched", "send_check": "checking", "close": "closed"}


class FieldServer:
    """The server's memory and its switches; every ``*_next`` switch counts down."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.url = ""
        self.epoch = "e1"
        self.codes: dict[str, str] = {}
        self.enrolled: dict[str, dict[str, Any]] = {}
        self.installs: dict[str, dict[str, Any]] = {}
        self.inbox: dict[tuple[str, str], dict[str, Any]] = {}
        self.batches: list[list[str]] = []
        self.uploads: dict[str, dict[str, Any]] = {}
        self.photos: dict[str, bytes] = {}
        self.cases: dict[str, dict[str, Any]] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.events: dict[str, dict[str, Any]] = {}
        self.pages: dict[str | None, dict[str, Any]] = {}
        self.requests: list[str] = []
        self.told: list[dict[str, Any]] = []
        # Switches
        self.lose_answers = 0
        self.forge_macs = 0
        self.unmentioned: set[int] = set()
        self.answer_states: dict[int, str] = {}
        self.refuse_bodies_with = ""
        self.cut_patches_at: list[int] = []
        self.hash_mismatches = 0
        self.refuse_images = ""
        self.reconcile = 0

    def code_for(self, officer_id: str = OFFICERS[0]["id"]) -> str:
        code = uuid4().hex[:12]
        self.codes[code] = officer_id
        return code

    # Handset half

    def enrol(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        officer_id = self.codes.get(body["code"])
        if officer_id is None:
            return problem(404, "unknown-code")
        known = self.enrolled.get(body["code"])
        if known and known["key"] != body["public_key"]["key"]:
            return problem(409, "code-used")
        if not known:
            officer = next(each for each in OFFICERS if each["id"] == officer_id)
            known = {"install_id": str(uuid4()), "credential": f"hs_{uuid4().hex}", "officer": officer}
            known["key"] = body["public_key"]["key"]
            self.enrolled[body["code"]] = self.installs[known["credential"]] = known
        return 201, {**known, "limits": LIMITS}

    def push(self, body: dict[str, Any], install: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.refuse_bodies_with and any(self.refuse_bodies_with in item["body"] for item in body["items"]):
            return problem(400, "unreadable-envelope")
        self.told.append(body["on_handset"])
        self.batches.append([item["id"] for item in body["items"]])
        results = []
        for index, item in enumerate(body["items"]):
            state = self.answer_states.get(item["dseq"])
            verdict = {"state": state} if state else self.store(item, install)
            if item["dseq"] not in self.unmentioned:
                results.append({"id": item["id"], "index": index, **verdict})
        answer = {"batch_id": body["batch_id"], "results": results, "photo_wants": []}
        if "pull" in body and not self.reconcile:
            answer["pull"] = self.page(body["pull"]["cursor"], install)
        return 200, answer

    def store(self, item: dict[str, Any], install: dict[str, Any]) -> dict[str, Any]:
        key = (item["id"], item["h"])
        if key in self.inbox:
            return {"state": "duplicate", "current": self.inbox[key]["verdict"]}
        body = json.loads(item["body"])
        assert hashlib.sha256(item["body"].encode()).hexdigest() == item["h"]
        verdict: dict[str, Any] = {"state": "applied"}
        if body["kind"] == "report":
            verdict["case_id"] = self.open_case(body, install)
        elif body["kind"] == "task_event":
            self.fold(body)
        self.inbox[key] = {"body": item["body"], "install_id": install["install_id"], "verdict": verdict}
        return verdict

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

    def page(self, cursor: str | None, install: dict[str, Any]) -> dict[str, Any]:
        if self.pages:
            return self.pages[cursor]
        officer = install["officer"]
        changes = [
            {"op": "put", "type": "task", "id": task["task_id"], "v": "0" * 16, "data": task}
            for task in self.tasks.values()
            if officer["id"] == task["officer_id"] or (officer["squad_id"] and officer["squad_id"] == task["squad_id"])
        ]
        return {"mode": "delta", "changes": changes, "next_cursor": "c1", "has_more": False}

    def pull(self, query: dict[str, list[str]], install: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.reconcile:
            self.reconcile -= 1
            return problem(410, "reconcile-required", reason="expired")
        return 200, self.page(query.get("cursor", [None])[0], install)

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


def problem(status: int, slug: str, **members: object) -> tuple[int, dict[str, Any]]:
    return status, {"type": f"https://xuncha.example/problems/{slug}", "title": slug, "status": status, **members}
