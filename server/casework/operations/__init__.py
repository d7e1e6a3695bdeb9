"""Writes of casework: reports open cases, desks act on them, handsets answer tasks, photographs arrive."""

from server.casework.facts import DeclaredPhoto, Report, Reporter, TaskAnswer, TaskVerdict, UnknownTask
from server.casework.operations.answers import answer_task
from server.casework.operations.desk import act
from server.casework.operations.reporting import photos_arrived, report_case

__all__ = [
    "DeclaredPhoto",
    "Report",
    "Reporter",
    "TaskAnswer",
    "TaskVerdict",
    "UnknownTask",
    "act",
    "answer_task",
    "photos_arrived",
    "report_case",
]
