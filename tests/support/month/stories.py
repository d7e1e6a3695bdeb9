"""The lives of cases, as people mean to lead them: each a chain of acts with delays, drawn by chance."""

import random
from dataclasses import dataclass, field
from typing import Any

from support.month.days import A_DAY, DAYS, END
from support.month.script import ATTACHED, COLLECTORS, LIMITS, SQUADS, Act, Offline, Script, housekeeping, offline_times

_OTHER = {"street": "town", "town": "street"}


def month(cases: int, seed: int = 0) -> Script:
    """Return a month of so many cases."""
    chance = random.Random(seed)  # noqa: S311 (a story, no secret)
    offline = offline_times(chance)
    acts = list(housekeeping(offline))
    number = 0
    while number < cases:
        story = Story(chance, offline, number)
        story.tell()
        acts += story.acts
        number += 1
        if number < cases and chance.random() < 0.12:
            acts += _told_again(chance, offline, story, number)
            number += 1
    kept = [act for act in acts if act.at < END or act.who == "worker"]
    return Script(tuple(sorted(kept, key=lambda act: act.order)), offline, cases)


def _told_again(chance: random.Random, offline: Offline, first: "Story", number: int) -> list[Act]:
    """Let somebody else report the same problem; the desk of a class without policy merges, and errs at times."""
    again = Story(chance, offline, number, code=first.code, beside=first.number)
    again.now = first.began + chance.randrange(1, 600)
    again.tell()
    merged = again.acts[0].at + chance.choice((1, 1, 2, 2, 3, 5, 9, 30, 200))
    if first.code != ATTACHED and chance.random() < 0.8:
        again.desk("dispatcher", "merge", at=merged, into=first.number)
    if chance.random() < 0.45:
        again.desk("dispatcher", "undo_merge", at=merged + chance.randrange(1, 900))
    # The worker looks within a minute.
    seen = again.acts[0].at + 1
    return [*again.acts, Act(seen, "worker", "settle", -1, {}, seen)]


@dataclass
class Story:
    """One case: ``now`` is where its people stand in time, ``squad`` and ``round`` what they believe of it."""

    chance: random.Random
    offline: Offline
    number: int
    code: str = ""
    beside: int | None = None
    now: int = 0
    began: int = 0
    squad: str = "street"
    round: int = 0
    given: int = 0
    reporter: str | None = None
    agency: str = "street"
    acts: list[Act] = field(default_factory=list)

    def tell(self) -> None:
        """Tell the whole life."""
        self.code = self.code or self.chance.choice(sorted(LIMITS))
        self.now = self.now or self.chance.randrange(DAYS - 1) * A_DAY + self.chance.randrange(380, 1260)
        self.squad = self.chance.choice(("street", "street", "town"))
        if not self._begin() or not self._taken_in():
            return
        self._dispatched()
        for look in range(1, 4):
            self._disposed()
            if not self._checked(look):
                break
        if self._maybe(0.25):
            self._appeal()

    def desk(self, who: str, do: str, at: int | None = None, **said: Any) -> None:  # noqa: ANN401 (an act's members)
        """Let somebody at a desk try something, now unless a time is given."""
        minute = self.now if at is None else at
        self.acts.append(Act(minute, who, do, self.number, said, minute))

    def _maybe(self, share: float) -> bool:
        return self.chance.random() < share

    def _wait(self, least: int, most: int) -> None:
        self.now += self.chance.randint(least, most)

    def _hesitate(self) -> None:
        """Let a desk take its time: mostly within its quarter of an hour, at times exactly that, at times more."""
        self.now += self.chance.choice((1, 2, 3, 4, 5, 7, 9, 12, 15, 15, 16, 25, 80))

    def _record(self, who: str, do: str, **said: Any) -> None:  # noqa: ANN401 (an act's members)
        """Let a handset record something now; it is sent when the handset is in reach."""
        self.acts.append(Act(self.offline.reach(who, self.now), who, do, self.number, said, self.now))

    def _answer(self, who: str, kind: str, number: int, event: str, result: str | None = None) -> None:
        self._record(who, "answer", kind=kind, round=number, event=event, result=result)

    def _begin(self) -> bool:
        """Report or register; tell whether there is anything left to do."""
        self.began = self.now
        place: dict[str, Any] = {"code": self.code, "beside": self.beside}
        if self._maybe(0.22):
            self.agency = self.chance.choice(("street", "street", "town"))
            self.desk("acceptance", "register", agency=self.agency, **place)
            return True
        self.reporter = self.chance.choice(sorted(COLLECTORS))
        self.agency = COLLECTORS[self.reporter]
        if self._maybe(0.05):
            self._record(self.reporter, "self_handled", **place)
            return False
        self._record(self.reporter, "report", **place)
        self.now = self.offline.reach(self.reporter, self.now)
        return True

    def _taken_in(self) -> bool:
        """File or reject, perhaps after somebody has looked; tell whether it is meant to go on."""
        self._hesitate()
        answered = self._verified() if self._maybe(0.2) else None
        if answered == "not_found" or self._maybe(0.04):
            self.desk("dispatcher", "reject", reason="不属实")
            return self._maybe(0.1)
        condition = self.chance.choice((None, *range(1, len(LIMITS[self.code]) + 1)))
        reason = "值班长同意" if answered is None and self._maybe(0.5) else None
        self.desk("dispatcher", "file", condition=condition, reason=reason)
        return True

    def _verified(self) -> str | None:
        looker = self.reporter or self.chance.choice(sorted(COLLECTORS))
        self.desk("dispatcher", "verify", officer=None if self.reporter else looker)
        self.now = self.offline.reach(looker, self.now)
        self._wait(5, 150)
        result = None
        if self._maybe(0.85):
            result = "confirmed" if self._maybe(0.8) else "not_found"
            self._answer(looker, "pre_filing_verification", 1, "done", result)
            self.now = self.offline.reach(looker, self.now) if self._maybe(0.8) else self.now
        self._hesitate()
        return result

    def _dispatched(self) -> None:
        self._hesitate()
        self._give("dispatch", squad=self.squad)

    def _give(self, do: str, **said: Any) -> None:  # noqa: ANN401 (an act's members)
        self.desk("dispatcher", do, **said)
        self.round, self.given = self.round + 1, self.now

    def _member(self) -> str:
        """Return a member of the squad who knows of the round by now; time passes until then."""
        who = self.chance.choice(sorted(one for one, squad in SQUADS.items() if squad == self.squad))
        self.now = max(self.now, self.offline.reach(who, self.given))
        return who

    def _work(self) -> None:
        """Let work take as long as it does: some limits are kept and some are not."""
        self._wait(5, self.chance.choice((30, 90, 240, 480, 1500, 4000, 8000)))

    def _disposed(self) -> None:
        """Lead a round to its end, with all that comes between."""
        self._wait(2, 120)
        for _ in range(2):
            if self._maybe(0.1):
                self._returned()
        who = self._member()
        if self._maybe(0.6):
            self._taken_up(who)
        for step, share in ((self._extension, 0.16), (self._suspension, 0.12), (self._forced, 0.05)):
            if self._maybe(share):
                step()
        if self._maybe(0.12):
            self._reassigned(who)
            who = self._member()
        self._work()
        self._finished(who)

    def _taken_up(self, who: str) -> None:
        if self._maybe(0.25):
            self.desk(f"unit_{self.squad}", "accept")
        else:
            self._answer(who, "disposal", self.round, self.chance.choice(("accepted", "accepted", "started")))
        if self._maybe(0.15):
            self._answer(self._member(), "disposal", self.round, "accepted")
        self._wait(1, 60)

    def _finished(self, who: str) -> None:
        if self._maybe(0.2):
            self.desk(f"unit_{self.squad}", "dispose")
            if self._maybe(0.7):
                self._wait(1, 20)
                self._answer(who, "disposal", self.round, "done")
        else:
            self._answer(who, "disposal", self.round, "done")
            self.now = self.offline.reach(who, self.now)
        if self._maybe(0.08):
            mate = self._member()
            self._answer(mate, "disposal", self.round, self.chance.choice(("accepted", "declined", "done")))

    def _returned(self) -> None:
        if self._maybe(0.5):
            self.desk(f"unit_{self.squad}", "return", reason="不属于我单位")
        else:
            who = self._member()
            self._answer(who, "disposal", self.round, "declined")
            self.now = self.offline.reach(who, self.now)
        self._hesitate()
        self.squad = _OTHER[self.squad] if self._maybe(0.7) else self.squad
        self._give("dispatch", squad=self.squad)
        self._wait(2, 120)

    def _reassigned(self, who: str) -> None:
        """Give the task to the others, where it can be while its member is out of reach and works on."""
        away = self.offline.next_span(who, self.now)
        if away is not None and away[0] - self.now < 2 * A_DAY:
            self.now = away[0] + 1
        former, number = self.squad, self.round
        self.squad = _OTHER[self.squad]
        self._give("reassign", squad=self.squad)
        if self._maybe(0.7):
            later = self.now
            self._wait(1, 30)
            self._answer(who, "disposal", number, self.chance.choice(("started", "done", "declined")))
            self.now = later
        if self._maybe(0.15):
            self.desk(f"unit_{former}", "dispose", at=self.now + 3)

    def _extension(self) -> None:
        for _ in range(self.chance.choice((1, 1, 1, 2, 3))):
            self._asked(f"unit_{self.squad}", "extension", ("dispatcher",))
            self._wait(1, 30)

    def _suspension(self) -> None:
        until = self.now + self.chance.choice((60, 300, A_DAY, 3 * A_DAY, 8 * A_DAY)) + self.chance.randrange(60)
        self._asked(f"unit_{self.squad}", "suspension", ("dispatcher",), until=until)
        if self._maybe(0.3):
            self.desk("dispatcher", "resume", at=self.now + self.chance.randrange(10, A_DAY))
        if self._maybe(0.7):
            self.now = max(self.now, until)

    def _forced(self) -> None:
        self._asked("supervisor", "force_close", ("acceptance",))

    def _appeal(self) -> None:
        self._wait(10, 600)
        self._asked(f"unit_{self.squad}", "appeal", ("dispatcher", "reviewer"))

    def _asked(self, who: str, kind: str, deciders: tuple[str, ...], **said: Any) -> None:  # noqa: ANN401 (an act's members)
        self.desk(who, "ask", kind=kind, **said)
        for decider in deciders:
            self._wait(1, 90)
            verdict = "approve" if self._maybe(0.8) else "reject"
            self.desk(decider, "decide", kind=kind, verdict=verdict)

    def _checked(self, look: int) -> bool:
        """Let somebody look; tell whether it is meant to be done again."""
        looker = self.reporter or self.chance.choice(sorted(COLLECTORS))
        self._wait(3, 90)
        self.desk("dispatcher", "send_check", officer=None if self.reporter else looker)
        self.now = self.offline.reach(looker, self.now)
        self._wait(10, 200)
        passed = self._maybe(0.75)
        if self._maybe(0.9):
            self._answer(looker, "disposal_check", look, "done", "passed" if passed else "failed")
            self.now = self.offline.reach(looker, self.now)
        self._wait(2, 60)
        if passed:
            self.desk("dispatcher", "close", reason="电话核实" if self._maybe(0.3) else None)
            if self._maybe(0.2):
                self._answer(looker, "disposal_check", look, "done", "failed")
            return False
        self._give("redo", reason="未清理干净")
        return True
