"""What all parts of the twin share: its files, what handsets were shown, and how tasks are given and taken back.

Nothing of the product is imported by any part of the twin.
"""

from dataclasses import dataclass, field

from support.month.file import File, Task
from support.month.script import HANDSETS, SQUADS, Script

RANK = ("assigned", "accepted", "started", "declined", "done")
AT_UNIT = frozenset(["dispatched", "in_disposal", "rework"])
# Case, kind, number: the round of a disposal, or the how-many-th look.
Known = tuple[int, str, int]


@dataclass
class Books:
    """All files, what each handset has ever been shown, and who may have reported the same problem twice."""

    script: Script
    files: dict[int, File] = field(default_factory=dict)
    shown: dict[str, set[Known]] = field(default_factory=lambda: {who: set() for who in HANDSETS})
    pairs: dict[int, int] = field(default_factory=dict)
    parted: set[int] = field(default_factory=set)
    unsettled: set[int] = field(default_factory=set)

    def tasks_of(self, who: str) -> set[Known]:
        """Return the tasks that a handset in reach shows: of its officer and squad, in their present round."""
        mine = {who, SQUADS.get(who)}
        return {
            (file.number, task.kind, self.ordinal(file, task))
            for file in self.files.values()
            if not file.over
            for task in file.tasks
            if task.to in mine and task.status != "cancelled"
        }

    def resumed(self, file: File, minute: int) -> None:
        """Let a suspended case go on where it was."""
        self.freed(file, minute)
        file.state = file.before
        file.resumed += 1

    def freed(self, file: File, minute: int) -> None:
        """End the hold of a suspension, at the latest when it was promised to end."""
        until = file.suspended_until
        file.go_on("disposal", minute if until is None else min(minute, until), "suspended")

    def given_back(self, file: File, minute: int) -> None:
        """Let a unit give a case back to the desk."""
        file.state = "returned"
        file.returns += 1
        file.hold("disposal", minute, "returned")
        file.begin("dispatch", minute)

    def ended(self, file: File, state: str, minute: int) -> str:
        """End a case: its watches stop, what is unfinished is taken back."""
        file.end_all(minute)
        file.state = state
        for task in file.tasks:
            if not (state == "closed" and task.kind == "disposal"):
                task.withdraw()
        return "done"

    def withdrawn(self, file: File, kind: str) -> None:
        """Take the tasks of a kind back."""
        for task in file.tasks:
            if task.kind == kind:
                task.withdraw()

    def given(self, file: File, task: Task, minute: int) -> None:
        """Give a new task, or the disposal to its squad anew."""
        if task.kind == "disposal" and task in file.tasks:
            assert file.squad is not None
            task.anew(file.squad)
        else:
            file.tasks.append(task)
        self.show(file, task, minute)

    def show(self, file: File, task: Task, minute: int) -> None:
        """Let the handsets in reach have it; the others come for it later."""
        for who in HANDSETS:
            if task.to in {who, SQUADS.get(who)} and self.script.offline.online(who, minute):
                self.shown[who].add((file.number, task.kind, self.ordinal(file, task)))

    def ordinal(self, file: File, task: Task) -> int:
        """Return the number of a task: of a disposal its round, of a look how many came before."""
        if task.kind == "disposal":
            return task.round
        return [one for one in file.tasks if one.kind == task.kind].index(task) + 1
