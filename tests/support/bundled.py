"""A case in the field whose bundle is exported: reported with two photographs, disposed of with one, among other work.

Everything goes over the wire with the reference handset, on the clock of this machine; once per test process, and
after that its rows and photographs are put in.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import world
from flask import Flask
from support.duty import code_for
from support.field import photo, report
from support.inside import ADDRESS, Inside
from support.office import Office
from support.rehearsal import rehearsed

from server.casework.bundle import verify
from server.db import transact
from server.ledger.custody.signer import present_signer
from server.standards.published import publish_all
from sync.handset import Handset, Snap

JUDGE = Path(verify.__file__)
PAYLOAD = {name: value for name, value in report().items() if name != "photos"}


@dataclass(frozen=True)
class ExportedCase:
    """A case, who may export it, and how its bundle is judged."""

    app: Flask
    city: world.World
    office: Office
    case_id: str

    def export(self, person: world.Person | None = None) -> bytes:
        """Export the case through the API."""
        headers = self.office.headers_of(person or self.city.reviewer)
        answer = self.app.test_client().get(f"/api/v1/cases/{self.case_id}/bundle", headers=headers)
        assert answer.status_code == 200, answer.text
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        return answer.data

    @property
    def log_key(self) -> str:
        """Return what `flask custody key` prints."""
        with self.app.app_context():
            return present_signer().verifier.text


def judged(path: Path, *log_keys: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 (verify.judge's own)
    """Return verify.py's report on a bundle, in this process."""
    return verify.as_json(verify.judge(str(path), log_keys, **options))


def run_judge(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run verify.py as a court's expert would: nothing installed, nothing in the environment, in an empty folder."""
    command = [sys.executable, "-I", "verify.py", *arguments]
    return subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, encoding="utf-8", check=False)


def work_in_the_street(reporter: Handset, squad: Handset, office: Office) -> str:
    """Let a case be reported, dispatched and disposed of between other work; return its id."""
    reporter.record("report", PAYLOAD)
    item_id = reporter.record("report", PAYLOAD, [Snap("near", photo(1).content), Snap("far", photo(2).content)])
    reporter.record("report", PAYLOAD, [Snap("near", photo(3).content)])
    reporter.sync()
    answer = reporter.outbox.item(item_id).answer
    assert answer is not None
    case_id = str(answer["case_id"])
    office.dispatch(case_id)
    squad.sync()
    task = next(task for task in squad.mirror.entities("task") if task["case_id"] == case_id)
    named = {"task_id": task["task_id"], "assignment_no": task["assignment_no"], "note": None, "result": None}
    squad.record("task_event", {**named, "event": "accepted"})
    squad.record("task_event", {**named, "event": "done"}, [Snap("after", photo(4).content)])
    squad.sync()
    return case_id


@pytest.fixture
def exported_case(app: Flask, city: world.World, office: Office, tmp_path: Path) -> ExportedCase:
    """Return a case with three photographs of two handsets."""
    return ExportedCase(app, city, office, rehearsed(app, "a case", lambda: _lived(app, city, tmp_path), files=True))


def _lived(app: Flask, city: world.World, folder: Path) -> str:
    with app.app_context():
        transact(publish_all)
    inside = Inside(app=app)
    with (
        Handset(folder / "reporter", ADDRESS, transport=inside) as reporter,
        Handset(folder / "squad", ADDRESS, transport=inside) as squad,
    ):
        reporter.enrol(code_for(app, city, city.collector))
        squad.enrol(code_for(app, city, city.enforcer))
        return work_in_the_street(reporter, squad, Office(app, city))
