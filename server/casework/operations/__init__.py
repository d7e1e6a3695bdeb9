"""Writes of casework: reports open cases, desks act on them, handsets answer tasks, photographs arrive."""

from server.casework.facts import DeclaredPhoto, Report, Reporter, TaskAnswer, TaskVerdict, UnknownTask
from server.casework.operations.adding import add_evidence
from server.casework.operations.amending import amend
from server.casework.operations.answers import answer_task
from server.casework.operations.desk import Given, act, act_and_show
from server.casework.operations.patrol import forget_tracks, keep_track, note_shift
from server.casework.operations.registering import Registration, register
from server.casework.operations.reporting import photos_arrived, report_cases
from server.casework.proposals import Added, Addition, ClockPunch, Correction, UnknownReport, Walk

__all__ = [
    "Added",
    "Addition",
    "ClockPunch",
    "Correction",
    "DeclaredPhoto",
    "Given",
    "Registration",
    "Report",
    "Reporter",
    "TaskAnswer",
    "TaskVerdict",
    "UnknownReport",
    "UnknownTask",
    "Walk",
    "act",
    "act_and_show",
    "add_evidence",
    "amend",
    "answer_task",
    "forget_tracks",
    "keep_track",
    "note_shift",
    "photos_arrived",
    "register",
    "report_cases",
]
