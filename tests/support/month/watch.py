"""The twin's clocks: each counts its minutes anew whenever something happens to it. Shares no code with the product."""

from dataclasses import dataclass, field

from support.month.days import TOWNS, Allowed, due


@dataclass
class Hold:
    """A time that does not count."""

    begun: int
    why: str
    ended: int | None = None


@dataclass
class Watch:
    """One clock of a case."""

    stage: str
    round: int
    allowed: Allowed
    agency: str
    start: int
    stop: int | None = None
    extensions: int = 0
    exempted: int | None = None
    told_overdue: bool = False
    holds: list[Hold] = field(default_factory=list)
    due: int | None = None

    def __post_init__(self) -> None:
        self.count()

    def count(self) -> None:
        """Count the minutes anew."""
        held = [(hold.begun, hold.ended) for hold in self.holds]
        self.due = due(self.allowed.times(self.extensions + 1), TOWNS[self.agency], self.start, held)

    def late_by(self, minute: int) -> bool:
        """Tell whether the limit was over when the clock stopped, or is by then."""
        return self.due is not None and (minute if self.stop is None else self.stop) > self.due

    def held_for(self, why: str) -> Hold | None:
        """Return the hold for this reason that goes on."""
        return next((hold for hold in self.holds if hold.why == why and hold.ended is None), None)

    def hold(self, minute: int, why: str) -> None:
        """Let time not count from now on."""
        if self.stop is None and self.held_for(why) is None:
            self.holds.append(Hold(minute, why))
            self.count()

    def go_on(self, minute: int, why: str) -> None:
        """Let time count again, as far as nothing else holds it."""
        hold = self.held_for(why)
        if self.stop is None and hold is not None:
            hold.ended = minute
            self.count()

    def end(self, minute: int, suspended_until: int | None) -> None:
        """Stop; a suspension that is over by now ended when it was promised to."""
        if self.stop is not None:
            return
        for hold in self.holds:
            if hold.ended is None:
                promised = suspended_until if hold.why == "suspended" else None
                hold.ended = minute if promised is None else min(minute, promised)
        self.stop = minute
        self.count()

    def reopen(self, minute: int) -> None:
        """Go on after all; the time since the stop does not count."""
        if self.stop is not None:
            self.holds.append(Hold(self.stop, "checking", minute))
            self.stop = None
            self.count()
