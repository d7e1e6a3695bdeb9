"""What the custody record holds about a subject, and a worker that has numbered it all."""

import json
from typing import Any

from flask import Flask

from server.db import read
from server.ledger.custody.sequencer import sequence
from server.ledger.queries import CustodyEntry, custody_of


def custody(app: Flask, kind: str, subject_id: object) -> list[CustodyEntry]:
    """Return the events about a subject in the order of their making."""
    with app.app_context():
        return read(custody_of, (kind, str(subject_id)))


def told(app: Flask, kind: str, subject_id: object, event: str) -> list[dict[str, Any]]:
    """Return the facts of the events of one kind about a subject."""
    return [json.loads(entry.facts) for entry in custody(app, kind, subject_id) if entry.kind == event]


def number_all(app: Flask) -> None:
    """Let the sequencer number what is committed: only then may an event be blanked."""
    with app.app_context():
        while sequence():
            pass
