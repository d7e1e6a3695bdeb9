"""Tables of casework, by noun."""

from server.casework.models.amendment import Amendment
from server.casework.models.case import Case, CaseEvent
from server.casework.models.clock import CaseClock, ClockPause
from server.casework.models.number import NumberSeries
from server.casework.models.patrol import FieldShift, Track
from server.casework.models.request import CaseRequest
from server.casework.models.task import FieldTask, TaskAssignment, TaskEvent

__all__ = [
    "Amendment",
    "Case",
    "CaseClock",
    "CaseEvent",
    "CaseRequest",
    "ClockPause",
    "FieldShift",
    "FieldTask",
    "NumberSeries",
    "TaskAssignment",
    "TaskEvent",
    "Track",
]
