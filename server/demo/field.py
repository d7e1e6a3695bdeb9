"""The demo's handsets: the reference client, speaking the public protocol to this very application, in process.

What they send passes the same doors as everybody's: enrolment, push, resumable upload, pull. Their private keys
vanish with their temporary folder.
"""

import json
from contextvars import Context
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from flask import Flask

from server.demo.matters import CHECKED, FAILED_CHECK, SCHEME
from server.demo.pictures import Studio
from server.demo.plan import LOST, UNSENT, ZONE, Deed, Picture, PlannedCase, Step
from server.demo.stage import Stage
from sync.handset import Handset, Reading, Snap

_ADDRESS = "http://chengpu.example"
# Handsets whose owners never set the clock right: three hours slow, and a year ahead.
_WRONG_BY = {"c008": -timedelta(hours=3), "c012": timedelta(days=365)}
_UPTIME = timedelta(days=1)
_EVENTS = {Deed.ACCEPT: "accepted", Deed.START: "started", Deed.FINISH: "done"}


class SeedError(Exception):
    """The application did not do what the demo's script needs; the sentence says where."""


class DemoClock:
    """Clocks of a handset that has been running since the city's first day, so that its past times are exact.

    ``wrong_by``: how far its wall clock is off; the server corrects it by the time since the handset was started.
    """

    def __init__(self, boot_id: str, stage: Stage, wrong_by: timedelta = timedelta(0)) -> None:
        self._boot_id = boot_id
        self._stage = stage
        self._wrong_by = wrong_by

    def read(self) -> Reading:
        """Return the moment that is being played."""
        return self.at(self._stage.now())

    def at(self, moment: datetime) -> Reading:
        """Return what the clocks showed at a moment since the first day."""
        milliseconds = (moment - self._stage.begun + _UPTIME) // timedelta(milliseconds=1)
        return Reading(moment.astimezone(ZONE) + self._wrong_by, self._boot_id, milliseconds)


class _InnerTransport(httpx.WSGITransport):
    """Calls the application without a network, each request in a context of its own as a web server does."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return Context().run(super().handle_request, request)


class Crew:
    """The handsets by their officers' logins, and the cases that their reports became."""

    def __init__(self, app: Flask, folder: Path, studio: Studio, stage: Stage) -> None:
        self._app = app
        self._stage = stage
        self._folder = folder
        self._studio = studio
        self._handsets: dict[str, Handset] = {}
        self._clocks: dict[str, DemoClock] = {}
        self.cases: dict[int, str] = {}

    def close(self) -> None:
        """Close all handsets."""
        for handset in self._handsets.values():
            handset.close()

    def enrol(self, login: str, code: str) -> None:
        """Add the handset of an officer."""
        clock = DemoClock(f"demo-{login}", self._stage, _WRONG_BY.get(login, timedelta(0)))
        handset = Handset(self._folder / login, _ADDRESS, clock=clock, transport=_InnerTransport(app=self._app))
        self._handsets[login], self._clocks[login] = handset, clock
        handset.enrol(code, label=f"演示终端 {login.upper()}")

    def handset(self, login: str) -> Handset:
        """Return an officer's handset."""
        return self._handsets[login]

    def reading(self, login: str, moment: datetime) -> Reading:
        """Return what the clocks of an officer's handset showed at a moment."""
        return self._clocks[login].at(moment)

    def take(self, picture: Picture) -> Snap:
        """Take a photograph; waits until it is drawn."""
        return Snap(picture.role, self._studio.take(picture))

    def do(self, step: Step) -> None:
        """Record one step on the handset whose turn it is, at its time, and deliver it."""
        login = step.case.enforcer if step.deed in _EVENTS else step.case.collector
        handset = self._handsets[login]
        snaps = [self.take(picture) for picture in step.pictures]
        if step.deed is Deed.REPORT:
            kind, payload = "report", report_of(step.case)
        elif step.deed is Deed.HANDLE:
            kind, payload = "self_handled", report_of(step.case) | {"measure": step.case.matter.remedy}
        else:
            handset.pull()
            kind, payload = "task_event", self._answer(handset, step)
        item_id = handset.record(kind, payload, snaps, at=self._clocks[login].at(step.at))
        self._deliver(handset, step.case, item_id)

    def send_damaged(self, login: str, at: datetime) -> None:
        """Push a report without category and position, as a broken app would; it must end in quarantine."""
        payload = {"description": "应用异常退出后残留的记录，缺少类别和坐标。"}
        handset = self._handsets[login]
        handset.record("report", payload, at=self._clocks[login].at(at))
        handset.push()

    def come_home(self, *, without: str) -> None:
        """Tell what is left, so that the desk reads of nothing unsent; who has photographs left stays away.

        The pull before renews sessions that ended since the last visit; nobody needs what a whole synchronisation
        would fetch besides.
        """
        for login, handset in self._handsets.items():
            if login != without and not handset.album.pending():
                handset.pull()
                handset.tell()

    def _deliver(self, handset: Handset, case: PlannedCase, item_id: str) -> None:
        _lose(handset, case, item_id)
        if case.number not in UNSENT:
            # Before the record, so that what the handset says of its unsent photographs is true afterwards.
            handset.upload_photos()
            if handset.album.pending():
                raise SeedError(f"case {case.number}: the server does not take a photograph")
        # Nobody looks at a mirror before the next pull.
        handset.push(news=False)
        answer = handset.outbox.item(item_id).answer or {}
        if answer.get("state") != "applied":
            raise SeedError(f"case {case.number}: the server answered {answer or 'nothing'}")
        self.cases[case.number] = str(answer["case_id"])

    def _answer(self, handset: Handset, step: Step) -> dict[str, Any]:
        wanted = "disposal" if step.deed in _EVENTS else "disposal_check"
        case_id = self.cases[step.case.number]
        tasks = [
            task
            for task in handset.mirror.entities("task")
            if (task["case_id"], task["task_kind"]) == (case_id, wanted)
        ]
        if not tasks:
            raise SeedError(f"case {step.case.number}: no {wanted} task reached the handset")
        notes = {Deed.FINISH: step.case.matter.remedy, Deed.PASS_CHECK: CHECKED, Deed.FAIL_CHECK: FAILED_CHECK}
        results = {Deed.PASS_CHECK: "passed", Deed.FAIL_CHECK: "failed"}
        return {
            "task_id": tasks[-1]["task_id"],
            "assignment_no": tasks[-1]["assignment_no"],
            "event": _EVENTS.get(step.deed, "done"),
            "note": notes.get(step.deed, ""),
            "result": results.get(step.deed),
        }


def report_of(case: PlannedCase) -> dict[str, Any]:
    """Return the payload of a report."""
    return {
        "category": {"scheme": SCHEME, "code": case.matter.code},
        "description": case.description,
        "position": {
            "lon": case.lon,
            "lat": case.lat,
            "crs": "wgs84",
            "accuracy_m": 5.0,
            "provider": "gnss",
            "mock": False,
        },
    }


def _lose(handset: Handset, case: PlannedCase, item_id: str) -> None:
    """Take the photographs that the plan loses from the handset's card before they are sent."""
    for photo in json.loads(handset.outbox.item(item_id).body)["payload"]["photos"]:
        if (case.number, photo["role"]) in LOST:
            handset.album.photo(photo["sha256"]).path.unlink()
