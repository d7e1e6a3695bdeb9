"""What the desks do with a round's cases at one slot: acts, requests, merges, tasks; one transaction for each slot."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from server.base import uuid7
from server.casework.dispatching.orders import TaskOrder, order_task, reassign_task
from server.casework.duplicates import merging
from server.casework.operations import Given, Registration, act, register
from server.casework.operations.assigning import Assignee
from server.casework.operations.roots import tasks_of
from server.casework.requests.asking import Wish, ask
from server.casework.requests.deciding import decide
from server.casework.requests.rules import RequestKind, Verdict
from server.clock import now
from server.db import transact
from server.demo.desk import DemoDesk
from server.demo.lives import Word
from server.demo.matters import REDO_REASON, SCHEME
from server.demo.people import UNIT_LOGINS
from server.demo.rounds import Event, RoundCase
from server.demo.stage import Stage

_PACE = timedelta(seconds=25)
_ANSWERED = frozenset({Word.PASS, Word.OTHER_PASS})


@dataclass(frozen=True)
class _Act:
    """A desk's act: whose login (None: the unit's account), and the reason that is written."""

    action: str
    login: str | None = "acceptance"
    reason: str | None = None


_ACTS: Mapping[Word, _Act] = {
    Word.VERIFY: _Act("verify"),
    Word.FILE: _Act("file"),
    Word.REJECT: _Act("reject", reason="描述不清、不属于城市管理范围，不予立案。"),
    Word.DISPATCH: _Act("dispatch", "dispatcher"),
    Word.TO_UNIT: _Act("dispatch", "dispatcher2"),
    Word.UNIT_ACCEPT: _Act("accept", None),
    Word.UNIT_RETURN: _Act("return", None, "产权不属于本单位，请重新认定责任主体。"),
    Word.UNIT_DISPOSE: _Act("dispose", None),
    Word.SEND_CHECK: _Act("send_check", "dispatcher"),
    Word.REDO: _Act("redo", "acceptance2", REDO_REASON),
    Word.CLOSE: _Act("close", "acceptance2"),
}
_UNCHECKED = "电话回访当事人，问题已解决，同意结案。"
_KINDS: Mapping[Word, tuple[RequestKind, str, timedelta | None]] = {
    Word.ASK_EXTENSION: (RequestKind.EXTENSION, "材料需从外地调运，申请延长一个时限。", None),
    Word.ASK_SHORT_SUSPENSION: (RequestKind.SUSPENSION, "等待权属单位配合断电，申请挂账一天。", timedelta(hours=20)),
    Word.ASK_SUSPENSION: (RequestKind.SUSPENSION, "列入道路改造计划，申请挂账至工程开工。", timedelta(days=120)),
    Word.ASK_APPEAL: (RequestKind.APPEAL, "当日暴雨红色预警，现场不具备作业条件，申请申诉。", None),
    Word.ASK_FORCE_CLOSE: (RequestKind.FORCE_CLOSE, "涉及拆迁地块，近期无法处置，申请强制结案。", None),
}
_DECISIONS: Mapping[Word, tuple[str, Verdict, str | None]] = {
    Word.GRANT: ("dispatcher", Verdict.APPROVE, None),
    Word.REFUSE: ("supervisor", Verdict.REJECT, "理由不充分，请按原时限处置。"),
    Word.REVIEW: ("supervisor", Verdict.APPROVE, "情况属实。"),
    Word.GRANT_APPEAL: ("reviewer", Verdict.APPROVE, None),
    Word.REFUSE_APPEAL: ("reviewer", Verdict.REJECT, "预警已于作业前解除，申诉不成立。"),
    Word.CONFIRM_FORCE_CLOSE: ("supervisor", Verdict.APPROVE, None),
}


class RoundDesk:
    """The desks of all rounds. ``cases``: ids by number, shared with the handsets."""

    def __init__(self, desk: DemoDesk, stage: Stage, cases: dict[int, str]) -> None:
        self._desk = desk
        self._stage = stage
        self._cases = cases
        self._units: dict[int, str] = {}
        self._requests: dict[int, UUID] = {}
        self._doors: dict[Word, Callable[[Session, Word, RoundCase], object]] = {
            Word.REGISTER: self._register,
            Word.REASSIGN: self._reassign,
            Word.REVISIT: self._revisit,
            Word.MERGE: self._merge,
            Word.UNDO_MERGE: self._undo_merge,
            **dict.fromkeys(_ACTS, self._act),
            **dict.fromkeys(_KINDS, self._ask),
            **dict.fromkeys(_DECISIONS, self._decide),
        }

    def work(self, event: Event) -> None:
        """Do the desks' part of an event, one thing after the other."""
        deeds = [(word, one) for word, one in event.deeds if word in self._doors]
        if deeds:
            transact(self._all, event.at, deeds)

    def _all(self, session: Session, at: datetime, deeds: list[tuple[Word, RoundCase]]) -> None:
        for nth, (word, one) in enumerate(deeds):
            self._stage.go_to(at + nth * _PACE)
            self._doors[word](session, word, one)

    def _id(self, number: int) -> UUID:
        return UUID(self._cases[number])

    def _act(self, session: Session, word: Word, one: RoundCase) -> None:
        said, number = _ACTS[word], one.case.number
        given = Given(reason=said.reason)
        if word in {Word.DISPATCH, Word.TO_UNIT}:
            unit = one.case.matter.unit if word is Word.TO_UNIT else one.case.squad
            self._units[number] = unit
            given = replace(given, squad_id=self._desk.roster.squads[unit])
        elif word in {Word.VERIFY, Word.SEND_CHECK}:
            given = replace(given, officer_id=self._desk.roster.officers[one.case.collector])
        elif word is Word.FILE:
            given = replace(given, condition_no=one.condition)
        elif word is Word.CLOSE and not _ANSWERED & {told for _, told in one.life.words}:
            given = replace(given, reason=_UNCHECKED)
        actor = self._desk.actor(said.login or UNIT_LOGINS[self._units[number]])
        act(session, actor, self._id(number), said.action, given)

    def _register(self, session: Session, _word: Word, one: RoundCase) -> None:
        case = one.case
        wanted = Registration(
            id=uuid7(),
            source="hotline",
            scheme=SCHEME,
            category_code=case.matter.code,
            description=f"市民来电：{case.description}",
            lon=case.lon,
            lat=case.lat,
            crs="wgs84",
            seen_at=one.found_at,
            agency_id=self._desk.roster.agencies[one.area],
        )
        register(session, self._desk.actor("acceptance2"), wanted)
        self._cases[case.number] = str(wanted.id)

    def _ask(self, session: Session, word: Word, one: RoundCase) -> None:
        kind, reason, lasting = _KINDS[word]
        unit = UNIT_LOGINS[self._units[one.case.number]]
        actor = self._desk.actor("acceptance" if kind is RequestKind.FORCE_CLOSE else unit)
        wish = Wish(kind, reason, until=None if lasting is None else now() + lasting)
        self._requests[one.case.number] = ask(session, actor, self._id(one.case.number), wish).id

    def _decide(self, session: Session, word: Word, one: RoundCase) -> None:
        login, verdict, reason = _DECISIONS[word]
        decide(session, self._desk.actor(login), self._requests[one.case.number], verdict, reason=reason)

    def _merge(self, session: Session, _word: Word, one: RoundCase) -> None:
        main = self._id(one.main or 0)
        wish = merging.Wish("同一地点、同一问题的重复上报。")
        merging.merge(session, self._desk.actor("acceptance"), self._id(one.case.number), main, wish)

    def _undo_merge(self, session: Session, _word: Word, one: RoundCase) -> None:
        wish = merging.Wish("电话核实为相邻的另一处问题。")
        merging.undo_merge(session, self._desk.actor("dispatcher2"), self._id(one.case.number), wish)

    def _reassign(self, session: Session, _word: Word, one: RoundCase) -> None:
        task = tasks_of(session, [self._id(one.case.number)])[-1]
        to = Assignee(officer_id=self._desk.roster.officers[one.other])
        reassign_task(session, self._desk.actor("dispatcher"), task.id, to, reason="原采集员休假，改由同片区同事核查。")

    def _revisit(self, session: Session, _word: Word, one: RoundCase) -> None:
        wanted = TaskOrder(
            "revisit",
            Assignee(officer_id=self._desk.roster.officers[one.case.collector]),
            case_id=self._id(one.case.number),
            instructions="回访现场，看问题有无反弹。",
            due_at=now() + timedelta(days=1),
        )
        order_task(session, self._desk.actor("dispatcher"), wanted)
