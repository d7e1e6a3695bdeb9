"""The twin: a second, naive Chengpu that lives through the same script, from domain.md and docs/casework.md alone.

It imports nothing of the product: what it says of states, deadlines and counts is what the product must say too.
Every act is answered with what becomes of it: ``done``, ``refused``, ``late`` (kept without effect) or ``unknown``
(the handset has no such task, so it records nothing).
"""

from collections.abc import Callable

from support.month.counter import Counter
from support.month.doubles import Doubles
from support.month.pleas import Pleas
from support.month.script import Act
from support.month.street import Field


class Twin(Counter, Field, Pleas, Doubles):
    """Everything together, and what happens by itself."""

    def live(self, act: Act) -> str:
        """Let an act happen, and say what becomes of it."""
        doing: Callable[[Act], str] = getattr(self, f"_{act.do}")
        return doing(act)

    def _sweep(self, act: Act) -> str:
        for file in self.files.values():
            until = file.suspended_until
            if file.state == "suspended" and until is not None and until <= act.at:
                self.resumed(file, until)
            for watch in file.watches:
                if watch.stop is None and watch.due is not None and watch.due < act.at:
                    watch.told_overdue = True
        return "done"
