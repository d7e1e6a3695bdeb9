"""The twin's desks: each step of the loop, and what a unit says at its own desk. Imports nothing of the product.

A case that was never told of cannot be acted on.
"""

from support.month.books import AT_UNIT, RANK, Books
from support.month.file import File, Task
from support.month.script import Act


class Counter(Books):
    """Steps of desks and units."""

    def _verify(self, act: Act) -> str:
        file = self.files.get(act.case)
        looker = None if file is None else act.said["officer"] or file.reporter
        if file is None or looker is None or file.state != "reported":
            return "refused"
        file.state, file.found = "verifying", None
        file.hold("acceptance", act.at, "verifying")
        file.begin("verification", act.at)
        self.given(file, Task("pre_filing_verification", looker), act.at)
        return "done"

    def _file(self, act: Act) -> str:
        file = self.files.get(act.case)
        if file is None or file.state not in {"reported", "verifying"}:
            return "refused"
        if file.state == "verifying" and file.found != "confirmed" and not act.said["reason"]:
            return "refused"
        file.end("verification", act.at)
        file.end("acceptance", act.at)
        file.state, file.condition, file.filed = "filed", act.said["condition"], act.at
        file.begin("dispatch", act.at)
        self.withdrawn(file, "pre_filing_verification")
        self.unsettled.add(act.case)
        return "done"

    def _reject(self, act: Act) -> str:
        file = self.files.get(act.case)
        if file is None or file.state not in {"reported", "verifying"}:
            return "refused"
        return self.ended(file, "rejected", act.at)

    def _dispatch(self, act: Act) -> str:
        file = self.files.get(act.case)
        if file is None or file.state not in {"filed", "returned"}:
            return "refused"
        file.end("dispatch", act.at)
        if file.state == "filed":
            file.begin("disposal", act.at)
        else:
            file.go_on("disposal", act.at, "returned")
        file.state, file.squad = "dispatched", act.said["squad"]
        self.given(file, file.task("disposal") or Task("disposal", file.squad), act.at)
        return "done"

    def _reassign(self, act: Act) -> str:
        file = self.files.get(act.case)
        task = None if file is None else file.task("disposal")
        if file is None or task is None or task.status not in {"assigned", "accepted", "started"}:
            return "refused"
        file.squad = act.said["squad"]
        self.given(file, task, act.at)
        return "done"

    def _redo(self, act: Act) -> str:
        file = self.files.get(act.case)
        if file is None or file.state != "checking":
            return "refused"
        file.state, file.passed = "rework", None
        file.reworks += 1
        file.end("check", act.at)
        disposal = file.watch("disposal")
        task = file.task("disposal")
        assert disposal is not None
        assert task is not None
        disposal.reopen(act.at)
        self.withdrawn(file, "disposal_check")
        self.given(file, task, act.at)
        return "done"

    def _send_check(self, act: Act) -> str:
        file = self.files.get(act.case)
        looker = None if file is None else act.said["officer"] or file.reporter
        if file is None or looker is None or file.state != "disposed":
            return "refused"
        file.state, file.passed = "checking", None
        file.begin("check", act.at)
        self.given(file, Task("disposal_check", looker), act.at)
        return "done"

    def _close(self, act: Act) -> str:
        file = self.files.get(act.case)
        if file is None or file.state != "checking" or (file.passed != "passed" and not act.said["reason"]):
            return "refused"
        # Every class wants a photograph of the work that was done in this round, whatever is written.
        disposal = file.task("disposal")
        if disposal is None or not disposal.proven:
            return "refused"
        self.unsettled.add(act.case)
        self.withdrawn(file, "disposal_check")
        return self.ended(file, "closed", act.at)

    def _resume(self, act: Act) -> str:
        file = self.files.get(act.case)
        if file is None or file.state != "suspended":
            return "refused"
        self.resumed(file, act.at)
        return "done"

    def _accept(self, act: Act) -> str:
        file = self._of_unit(act)
        if file is None or file.state not in {"dispatched", "rework"}:
            return "refused"
        file.state = "in_disposal"
        return self._folded(file, "accepted")

    def _return(self, act: Act) -> str:
        file = self._of_unit(act)
        if file is None or file.state not in AT_UNIT:
            return "refused"
        self.given_back(file, act.at)
        return self._folded(file, "declined")

    def _dispose(self, act: Act) -> str:
        file = self._of_unit(act)
        if file is None or file.state not in AT_UNIT:
            return "refused"
        file.state = "disposed"
        file.end("disposal", act.at)
        return self._folded(file, "done")

    def _of_unit(self, act: Act) -> File | None:
        file = self.files.get(act.case)
        return file if file is not None and f"unit_{file.squad}" == act.who else None

    def _folded(self, file: File, event: str) -> str:
        task = file.task("disposal")
        assert task is not None
        task.status = max(task.status, event, key=RANK.index)
        return "done"
