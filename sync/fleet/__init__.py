"""The fleet simulator: seeded handsets on a bad network against a real server, and an auditor who trusts neither.

plan.py who does what when (pure) · network.py what goes wrong (pure by seed) · crew.py officers and installs ·
actor.py one officer's day · desk.py the dispatcher · run.py all together · books.py and audit.py the audit.
"""

from sync.fleet.actor import Camera, Shot
from sync.fleet.audit import Audit, Finding, Tally, Verdict, audit_books, audit_run
from sync.fleet.books import Effect, InboxEntry, OutboxBook, ServerBooks, read_outbox
from sync.fleet.desk import DeskError
from sync.fleet.plan import Category, Ground, Orders, plan_day
from sync.fleet.run import Errand, Login, Progress, RunNotes, run_fleet

__all__ = [
    "Audit",
    "Camera",
    "Category",
    "DeskError",
    "Effect",
    "Errand",
    "Finding",
    "Ground",
    "InboxEntry",
    "Login",
    "Orders",
    "OutboxBook",
    "Progress",
    "RunNotes",
    "ServerBooks",
    "Shot",
    "Tally",
    "Verdict",
    "audit_books",
    "audit_run",
    "plan_day",
    "read_outbox",
    "run_fleet",
]
