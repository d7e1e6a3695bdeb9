"""The twin's requests: more time, a pause, mercy for lateness, a forced end. Imports nothing of the product."""

from support.month.books import AT_UNIT, Books
from support.month.file import File, Request
from support.month.script import Act

_FORCIBLE = AT_UNIT | {"filed", "returned", "suspended", "disposed", "checking"}


class Pleas(Books):
    """Asking and deciding."""

    def _ask(self, act: Act) -> str:
        file, kind = self.files.get(act.case), act.said["kind"]
        if file is None or (kind != "force_close" and f"unit_{file.squad}" != act.who):
            return "refused"
        request = Request(kind, act.said.get("until"))
        if not self._grantable(file, request, act.at) or file.request(kind, "open") is not None:
            return "refused"
        if kind == "appeal":
            request.watch = file.watch("disposal")
        file.requests.append(request)
        return "done"

    def _grantable(self, file: File, request: Request, minute: int) -> bool:
        disposal = file.watch("disposal")
        if request.kind == "force_close":
            return file.state in _FORCIBLE
        if request.kind == "appeal":
            return disposal is not None and disposal.late_by(minute) and disposal.exempted is None
        if file.state not in AT_UNIT or disposal is None or disposal.stop is not None:
            return False
        if disposal.due is None or disposal.due < minute:
            return False
        if request.kind == "extension":
            return file.extensions < 2
        return request.until is not None and request.until > minute and file.suspended_until is None

    def _decide(self, act: Act) -> str:
        file = self.files.get(act.case)
        request = None if file is None else file.request(act.said["kind"], "open")
        # A second review comes only after the first.
        if file is None or request is None or (act.who == "reviewer") != request.reviewed:
            return "refused"
        if act.said["verdict"] == "reject":
            request.state = "rejected"
            return "done"
        if request.kind == "appeal" and not request.reviewed:
            request.reviewed = True
            return "done"
        if request.kind != "appeal" and not self._grantable(file, request, act.at):
            return "refused"
        request.state = "approved"
        self._granted(file, request, act.at)
        return "done"

    def _granted(self, file: File, request: Request, minute: int) -> None:
        disposal = file.watch("disposal")
        if request.kind == "force_close":
            self.unsettled.add(file.number)
            self.ended(file, "forced_closed", minute)
            return
        assert disposal is not None
        if request.kind == "appeal":
            disposal.exempted = minute
        elif request.kind == "suspension":
            file.before, file.state = file.state, "suspended"
            disposal.hold(minute, "suspended")
        else:
            disposal.extensions += 1
            file.extensions += 1
            disposal.count()
