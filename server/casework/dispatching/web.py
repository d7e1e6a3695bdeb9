"""Console pages of dispatching: the responsibility matrix, field tasks, who is proposed for a case."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from server.casework.dispatching import entries, orders, proposals
from server.casework.dispatching.entries import EntryRecord
from server.casework.dispatching.task_list import DeskTask, desk_tasks
from server.casework.operations.assigning import Assignee
from server.casework.refusals import tell_problem
from server.current import settings
from server.db import read, transact
from server.forms import field, field_id, go, tell
from server.i18n import _
from server.identity import queries as identity
from server.identity.rules import FIELD_ROLES, Permission
from server.keyset import Page
from server.problems import Problem
from server.web import actor, console_pages, page_args

pages = console_pages("dispatching")


@dataclass(frozen=True)
class MatrixView:
    """The matrix in scope, what a form may name, and the names shown."""

    entries: list[EntryRecord]
    squads: list[identity.SquadRow]
    agencies: list[identity.AgencyRow]
    names: Mapping[UUID, str]
    today: date


@dataclass(frozen=True)
class TasksView:
    """A page of field tasks, who a form may name, and the names shown."""

    page: Page[DeskTask]
    squads: list[identity.SquadRow]
    officers: Collection[identity.OfficerRow]
    names: Mapping[UUID, str]


@pages.get("/responsibilities")
def responsibilities() -> ResponseReturnValue:
    """Show the responsibility matrix: what is in force, or with ``all`` also what was."""
    on = None if request.args.get("all") else proposals.today(settings().timezone)
    view = read(_matrix, actor().require(Permission.READ_CASES), on)
    return render_template("casework/responsibilities.html", view=view, everything=on is None)


@pages.post("/responsibilities")
def put_entry() -> ResponseReturnValue:
    """Add an entry; what held for the same class and area ends the day before."""
    with _telling(_("The entry is in the matrix.")):
        new = entries.NewEntry(
            agency_id=field_id("agency_id"),
            scheme=field("scheme"),
            code=field("code"),
            area_code=field("area_code"),
            lead_squad_id=field_id("lead_squad_id"),
            assisting=_ids("assisting"),
            basis=field("basis"),
            valid_from=_day("valid_from"),
        )
        transact(entries.put_entry, actor(), new)
    return go("dispatching_pages.responsibilities")


@pages.post("/responsibilities/<uuid:entry_id>/end")
def end_entry(entry_id: UUID) -> ResponseReturnValue:
    """Let an entry end with a day."""
    with _telling(_("The entry ends with this day.")):
        transact(entries.end_entry, actor(), entry_id, _day("valid_to"))
    return go("dispatching_pages.responsibilities")


@pages.post("/cases/<uuid:case_id>/determination")
def determine(case_id: UUID) -> ResponseReturnValue:
    """Decide who is responsible for a disputed case."""
    with _telling(_("It is decided who is responsible; dispatch the case to them.")):
        decided = proposals.Determination(
            lead_squad_id=field_id("lead_squad_id"),
            basis=field("basis"),
            on=proposals.today(settings().timezone),
            remember=field("remember") == "1",
        )
        transact(proposals.determine, actor(), case_id, decided)
    return go("casework_pages.case", case_id=case_id)


@pages.get("/tasks")
def tasks() -> ResponseReturnValue:
    """List field tasks, the newest first."""
    after, limit = page_args()
    kind, status = request.args.get("kind") or None, request.args.get("status") or None
    chosen = {"kind": kind, "status": status, "after": after}
    view = read(_tasks, actor().require(Permission.READ_CASES), chosen, limit)
    return render_template("casework/tasks.html", view=view, kind=kind, status=status)


@pages.post("/tasks")
def order_task() -> ResponseReturnValue:
    """Order a patrol or a revisit."""
    with _telling(_("The task is given; the handset gets it when it next has a signal.")):
        wanted = orders.TaskOrder(
            kind=field("kind"),
            to=_assignee(),
            case_id=field_id("case_id") if field("case_id") else None,
            instructions=field("instructions") or None,
            due_at=_moment("due_at"),
            grid_code=field("grid_code") or None,
        )
        transact(orders.order_task, actor(), wanted)
    return go("casework_pages.case", case_id=field("case_id")) if field("case_id") else go("dispatching_pages.tasks")


@pages.post("/tasks/<uuid:task_id>/<any(reassign, withdraw):step>")
def change_task(task_id: UUID, step: str) -> ResponseReturnValue:
    """Give a task to somebody else, or take it back."""
    with _telling(_("The task is changed; the handsets concerned get it when they next have a signal.")):
        if step == "reassign":
            transact(orders.reassign_task, actor(), task_id, _assignee(), reason=field("reason"))
        else:
            transact(orders.withdraw_task, actor(), task_id, reason=field("reason"))
    return go("dispatching_pages.tasks")


@contextmanager
def _telling(done: str) -> Iterator[None]:
    try:
        yield
        tell(done)
    except Problem as problem:
        if problem.slug == "not-found":
            raise
        tell_problem(problem)


def _assignee() -> Assignee:
    """Read one choice that is written ``squad:<id>`` or ``officer:<id>``."""
    kind, _colon, named = field("to").partition(":")
    try:
        chosen = UUID(named)
    except ValueError as error:
        raise Problem("validation", errors={"to": [_("Choose one.")]}) from error
    return Assignee(squad_id=chosen) if kind == "squad" else Assignee(officer_id=chosen)


def _ids(name: str) -> tuple[UUID, ...]:
    try:
        return tuple(UUID(one) for one in request.form.getlist(name) if one)
    except ValueError as error:
        raise Problem("validation", errors={name: [_("Choose one.")]}) from error


def _day(name: str) -> date:
    try:
        return date.fromisoformat(field(name))
    except ValueError as error:
        raise Problem("validation", errors={name: [_("Give a day as 2026-04-01.")]}) from error


def _moment(name: str) -> datetime | None:
    """Read a local time of the city as an instant; None where nothing was typed."""
    if not field(name):
        return None
    try:
        local = datetime.fromisoformat(field(name))
    except ValueError as error:
        raise Problem("validation", errors={name: [_("Give a time as 2026-04-01T17:30.")]}) from error
    return local.replace(tzinfo=ZoneInfo(settings().timezone)).astimezone(UTC)


def _matrix(session: Session, scope: tuple[str, ...], on: date | None) -> MatrixView:
    rows = entries.entries(session, scope, on=on)
    return MatrixView(
        entries=rows,
        squads=identity.squads(session, scope),
        agencies=identity.agencies(session, scope),
        names=identity.names(session, entries.named(rows)),
        today=proposals.today(settings().timezone),
    )


def _tasks(session: Session, scope: tuple[str, ...], chosen: Mapping[str, str | None], limit: int) -> TasksView:
    page = desk_tasks(session, scope, **chosen, limit=limit)
    shown = {one for task in page.items for one in (task.squad_id, task.officer_id, task.accepted_by)}
    officers = [row for row in identity.officers(session, scope, limit=200) if FIELD_ROLES & set(row.roles)]
    return TasksView(page, identity.squads(session, scope), officers, identity.names(session, shown))
