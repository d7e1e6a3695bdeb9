"""The twin's file of one case: its state, watches, tasks and requests. Shares no code with the product."""

from dataclasses import dataclass, field

from support.month.days import Allowed
from support.month.script import LIMITS, NEW_LIMITS, NEW_LIMITS_ON
from support.month.watch import Watch

OVER = frozenset(["rejected", "closed", "forced_closed", "merged", "self_handled"])
_USUAL = {"acceptance": 0.25, "dispatch": 0.25, "verification": 2, "check": 2}


@dataclass(eq=False)
class Task:
    """A field task: to a squad or to an officer, in rounds."""

    kind: str
    to: str
    round: int = 1
    status: str = "assigned"
    taken_by: str | None = None
    proven: bool = False

    def anew(self, to: str) -> None:
        """Begin the next round."""
        self.to, self.round, self.status, self.taken_by = to, self.round + 1, "assigned", None
        self.proven = False

    def withdraw(self) -> None:
        """Take it back unless it is finished."""
        if self.status != "done":
            self.status = "cancelled"


@dataclass
class Request:
    """Something asked for; ``stage``: of how many approvals it has one."""

    kind: str
    until: int | None = None
    state: str = "open"
    reviewed: bool = False
    watch: Watch | None = None


@dataclass
class File:
    """All that is known of a case."""

    number: int
    agency: str
    code: str
    reporter: str | None
    by: str
    seen: int
    state: str = "reported"
    before: str = "reported"
    condition: int | None = None
    filed: int | None = None
    squad: str | None = None
    found: str | None = None
    passed: str | None = None
    returns: int = 0
    reworks: int = 0
    extensions: int = 0
    merged_into: int | None = None
    by_policy: bool = False
    late_answers: int = 0
    resumed: int = 0
    watches: list[Watch] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Tell whether it has ended, be it as a further report of another."""
        return self.state in OVER

    def task(self, kind: str) -> Task | None:
        """Return the newest task of a kind."""
        return next((task for task in reversed(self.tasks) if task.kind == kind), None)

    def watch(self, stage: str) -> Watch | None:
        """Return the newest watch of a stage."""
        return next((watch for watch in reversed(self.watches) if watch.stage == stage), None)

    def running(self, stage: str) -> Watch | None:
        """Return the watch of a stage if it runs."""
        watch = self.watch(stage)
        return watch if watch is not None and watch.stop is None else None

    def request(self, kind: str, state: str) -> Request | None:
        """Return the request of a kind that is in a state."""
        return next((one for one in self.requests if (one.kind, one.state) == (kind, state)), None)

    @property
    def suspended_until(self) -> int | None:
        """Return when the one suspension that was granted ends."""
        granted = self.request("suspension", "approved")
        return None if granted is None else granted.until

    def begin(self, stage: str, minute: int) -> None:
        """Start the next round of a stage."""
        last = self.watch(stage)
        number = 1 if last is None else last.round + 1
        self.watches.append(Watch(stage, number, self._allowed(stage), self.agency, minute))

    def end(self, stage: str, minute: int) -> None:
        """Stop a stage's watch if it runs."""
        watch = self.running(stage)
        if watch is not None:
            watch.end(minute, self.suspended_until)

    def end_all(self, minute: int) -> None:
        """Stop every watch."""
        for watch in self.watches:
            watch.end(minute, self.suspended_until)

    def hold(self, stage: str, minute: int, why: str) -> None:
        """Hold a stage's watch if it runs."""
        watch = self.running(stage)
        if watch is not None:
            watch.hold(minute, why)

    def go_on(self, stage: str, minute: int, why: str) -> None:
        """Let a stage's watch go on."""
        watch = self.running(stage)
        if watch is not None:
            watch.go_on(minute, why)

    def _allowed(self, stage: str) -> Allowed:
        if stage != "disposal":
            return Allowed("emergency_hour", _USUAL[stage])
        assert self.filed is not None
        table = LIMITS if self.filed < NEW_LIMITS_ON else NEW_LIMITS
        return Allowed(*table[self.code][(self.condition or 1) - 1])
