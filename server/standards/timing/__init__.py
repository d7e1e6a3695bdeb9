"""The deadline engine: when a limit ends, and how much of it is left. Pure: time and calendar are arguments.

The whole of it on one screen: `Limit` (4 work_hour) · `Calendar` (what is a working day, which hours are worked) ·
`Pause` · `due_at(start, limit, calendar, pauses)` and its inverse `time_left(at, start, limit, calendar, pauses)`.
Knows no table, no case, no today.
"""

from server.standards.timing.calendar import Calendar, Schedule, WorkDayPolicy, WorkPeriod
from server.standards.timing.clocks import Clock, Limit, parse_limit
from server.standards.timing.due import due_at, time_left
from server.standards.timing.hours import parse_periods, write_periods
from server.standards.timing.pauses import Pause

__all__ = [
    "Calendar",
    "Clock",
    "Limit",
    "Pause",
    "Schedule",
    "WorkDayPolicy",
    "WorkPeriod",
    "due_at",
    "parse_limit",
    "parse_periods",
    "time_left",
    "write_periods",
]
