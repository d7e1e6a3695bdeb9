"""The twin's field: what is reported, and what handsets answer about their tasks. Imports nothing of the product."""

from support.month.books import RANK, Books
from support.month.file import File, Task
from support.month.script import COLLECTORS, Act


class Field(Books):
    """Reports and answers."""

    def _pull(self, act: Act) -> str:
        self.shown[act.who] |= self.tasks_of(act.who)
        return "done"

    def _report(self, act: Act) -> str:
        return self._opened(act, COLLECTORS[act.who], act.who)

    def _register(self, act: Act) -> str:
        return self._opened(act, act.said["agency"], None)

    def _self_handled(self, act: Act) -> str:
        self._opened(act, COLLECTORS[act.who], act.who, "self_handled")
        return "done"

    def _opened(self, act: Act, agency: str, reporter: str | None, state: str = "reported") -> str:
        file = File(act.case, agency, act.said["code"], reporter, act.who, act.captured, state)
        self.files[act.case] = file
        if state == "reported":
            file.begin("acceptance", act.at)
        self.unsettled.add(act.case)
        if act.said["beside"] is not None:
            self.pairs[act.case] = act.said["beside"]
        return "done"

    def _answer(self, act: Act) -> str:
        file, said = self.files.get(act.case), act.said
        if file is None or (act.case, said["kind"], said["round"]) not in self.shown[act.who]:
            return "unknown"
        looks = [task for task in file.tasks if task.kind == said["kind"]]
        task = looks[0] if said["kind"] == "disposal" else looks[said["round"] - 1]
        if self._too_late(file, task, act):
            file.late_answers += 1
            return "late"
        folded = max(task.status, said["event"], key=RANK.index)
        changed, task.status = folded != task.status, folded
        if task.taken_by is None and said["event"] != "declined":
            task.taken_by = act.who
        task.proven = task.proven or said["event"] == "done"
        if said["kind"] == "disposal":
            if changed:
                self._worked(file, said["event"], act.at)
        elif said["event"] == "done":
            self._looked(file, said["kind"], said["result"], act.at)
        return "done"

    def _too_late(self, file: File, task: Task, act: Act) -> bool:
        if act.said["kind"] == "disposal":
            gone = file.over or act.said["round"] != task.round
            taken = act.said["event"] == "accepted" and task.taken_by not in {None, act.who}
            return gone or task.status == "cancelled" or taken
        waits = {"disposal_check": "checking", "pre_filing_verification": "verifying"}[task.kind]
        return task.status == "cancelled" or file.state != waits or task is not file.task(task.kind)

    def _worked(self, file: File, event: str, minute: int) -> None:
        if event in {"accepted", "started"}:
            if file.state == "suspended":
                file.before = "in_disposal"
            else:
                file.state = "in_disposal"
            return
        if file.state == "suspended":
            self.freed(file, minute)
        if event == "declined":
            self.given_back(file, minute)
            return
        if file.state == "returned":
            file.end("dispatch", minute)
            file.go_on("disposal", minute, "returned")
        file.state = "disposed"
        file.end("disposal", minute)

    def _looked(self, file: File, kind: str, result: str, minute: int) -> None:
        if kind == "disposal_check":
            file.passed = "failed" if "failed" in {file.passed, result} else result
            file.end("check", minute)
            return
        file.found = "not_found" if "not_found" in {file.found, result} else result
        file.end("verification", minute)
        file.go_on("acceptance", minute, "verifying")
