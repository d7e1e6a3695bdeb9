"""The last evening: officers on shift, patrols, a handset that two share, a damaged record, an account that was closed.

What no case needs but the pages about handsets, tasks and quarantine show (domain.md section 4.9).
"""

from datetime import timedelta
from typing import Any

from server.casework.dispatching.orders import TaskOrder, order_task
from server.casework.operations.assigning import Assignee
from server.db import transact
from server.demo.desk import DemoDesk
from server.demo.field import Crew
from server.demo.people import AREAS, CITY_CODE
from server.demo.stage import Stage
from server.identity.operations.accounts import deactivate

_SENDER_OF_DAMAGE = "c003"
# One handset that goes from hand to hand between two shifts.
_FIRST_HOLDER, _SECOND_HOLDER = "c006", "c031"
# Whose account is closed while the handset is out of coverage: what was written before counts, what came after waits.
_LEAVER = "c020"
_ON_SHIFT = ("c001", "c002", "c003", "c007", "c008", "c009", "c010")
_GRID = f"{CITY_CODE}{AREAS[0].code}G01"


class Episodes:
    """What happens once, after all cases."""

    def __init__(self, crew: Crew, desk: DemoDesk, stage: Stage) -> None:
        self._crew = crew
        self._desk = desk
        self._stage = stage

    def play(self) -> None:
        """Play everything, one after the other."""
        self._begin_shifts()
        self._order_patrols()
        self._hand_over()
        self._close_account()
        self._crew.send_damaged(_SENDER_OF_DAMAGE, self._stage.now())
        self._crew.come_home(without=_LEAVER)

    def _begin_shifts(self) -> None:
        for nth, login in enumerate(_ON_SHIFT):
            self._punch(login, "in", nth)
            self._crew.handset(login).push()

    def _punch(self, login: str, action: str, nth: int, *, at: timedelta = timedelta(0)) -> None:
        """Record that an officer begins or ends work, somewhere in the officer's area."""
        west, south, _east, _north = AREAS[nth % len(AREAS)].ground
        position: dict[str, Any] = {"lon": west + 0.01, "lat": south + 0.009, "crs": "wgs84", "accuracy_m": 8.0}
        payload = {"action": action, "position": position}
        self._crew.handset(login).record("shift", payload, at=self._crew.reading(login, self._stage.now() + at))

    def _order_patrols(self) -> None:
        officers, squads = self._desk.roster.officers, self._desk.roster.squads
        due = self._stage.now() + timedelta(days=3)
        wanted = (
            (Assignee(officer_id=officers["c001"]), "巡查责任网格内的占道经营和共享单车停放。"),
            (Assignee(officer_id=officers["c007"]), "雨前检查低洼路段雨水箅子。"),
            (Assignee(squad_id=squads["城中中队"]), "夜市周边巡查，先到先接单。"),
        )
        for to, told in wanted:
            order = TaskOrder("patrol", to, instructions=told, due_at=due, grid_code=_GRID)
            transact(order_task, self._desk.actor("dispatcher"), order)

    def _hand_over(self) -> None:
        """Let the second officer join, while the first one's last words are still unsent."""
        handset = self._crew.handset(_FIRST_HOLDER)
        self._punch(_FIRST_HOLDER, "in", 0)
        self._punch(_FIRST_HOLDER, "out", 0, at=timedelta(minutes=1))
        self._stage.go_to(self._stage.now() + timedelta(minutes=2))
        handset.enrol_officer(self._desk.enrolment_code(_SECOND_HOLDER))
        self._punch(_FIRST_HOLDER, "in", 0)
        handset.push()

    def _close_account(self) -> None:
        handset = self._crew.handset(_LEAVER)
        self._punch(_LEAVER, "in", 4)
        self._stage.go_to(self._stage.now() + timedelta(minutes=3))
        transact(deactivate, self._desk.actor("admin"), self._desk.roster.officers[_LEAVER])
        self._stage.go_to(self._stage.now() + timedelta(minutes=5))
        self._punch(_LEAVER, "out", 4)
        handset.push()
