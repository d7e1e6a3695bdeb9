"""The twin's duplicates: merged by a desk or by the city's policy, and parted again. Imports nothing of the product."""

from support.month.books import Books
from support.month.file import File
from support.month.script import ATTACHED, Act

_MERGEABLE = frozenset(["reported", "verifying", "filed", "returned"])
_A_DAY = 1440


class Doubles(Books):
    """Two reports of one problem."""

    def _merge(self, act: Act) -> str:
        file, main = self.files.get(act.case), self.files.get(act.said["into"])
        if file is None or main is None or main.over or file.state not in _MERGEABLE:
            return "refused"
        self._joined(file, main, act.at, by_policy=False)
        return "done"

    def _undo_merge(self, act: Act) -> str:
        file = self.files.get(act.case)
        if file is None or file.state != "merged":
            return "refused"
        self.parted.add(act.case)
        self._split(file, act.at)
        return "done"

    def _joined(self, file: File, main: File, minute: int, *, by_policy: bool) -> None:
        file.before, file.state = file.state, "merged"
        file.merged_into, file.by_policy = main.number, by_policy
        for watch in file.watches:
            watch.hold(minute, "merged")

    def _split(self, file: File, minute: int) -> None:
        file.state, file.merged_into = file.before, None
        for watch in file.watches:
            watch.go_on(minute, "merged")
        for task in file.tasks:
            if task.status != "cancelled":
                self.show(file, task, minute)

    def _settle(self, act: Act) -> str:
        """Attach the later of two reports to the earlier, unless a desk has taken it up; then the other way round."""
        for later, first in self.pairs.items():
            met = later in self.files and first in self.files
            if not met or later in self.parted or not {later, first} & self.unsettled:
                continue
            if self.files[later].code == ATTACHED:
                self._paired(self.files[later], self.files[first], act.at)
        self.unsettled.clear()
        return "done"

    def _paired(self, one: File, other: File, minute: int) -> None:
        for a, b in ((one, other), (other, one)):
            if a.over and not (a.state == "merged" and a.by_policy and not b.over):
                return
        if abs(one.seen - other.seen) > _A_DAY:
            return
        main, further = sorted((one, other), key=lambda file: (file.state in {"reported", "merged"}, file.seen))
        if further.merged_into == main.number or further.state not in {"reported", "merged"}:
            return
        if main.state == "merged":
            self._split(main, minute)
        self._joined(further, main, minute, by_policy=True)
