"""The API of dispatching: the responsibility matrix, proposals for a case, tasks beside the loop, reassignment."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from server.casework.dispatching import entries, orders, proposals
from server.casework.dispatching.case_proposals import CaseProposals, proposals_for
from server.casework.dispatching.schemas import (
    DeskTaskListSchema,
    DeterminationSchema,
    EntryEndSchema,
    EntryListSchema,
    EntryQuerySchema,
    EntrySchema,
    MadeSchema,
    ProposalsSchema,
    ReassignSchema,
    TaskOrderSchema,
    TaskQuerySchema,
    WithdrawSchema,
)
from server.casework.dispatching.task_list import DeskTask, desk_tasks
from server.casework.operations.assigning import Assignee
from server.current import settings
from server.db import read, transact
from server.identity.rules import Permission
from server.keyset import Page
from server.web import actor, api_blueprint, page_args

blueprint = api_blueprint("dispatching")
blueprints = (blueprint,)


@blueprint.get("/responsibilities")
@blueprint.arguments(EntryQuerySchema, location="query")
@blueprint.response(HTTPStatus.OK, EntryListSchema)
def responsibilities(asked: dict[str, Any]) -> dict[str, Any]:
    """List the responsibility matrix, all of it or what is in force on a day."""
    return {"entries": read(entries.entries, actor().require(Permission.READ_CASES), on=asked["on"])}


@blueprint.post("/responsibilities")
@blueprint.arguments(EntrySchema)
@blueprint.response(HTTPStatus.CREATED, MadeSchema)
def put_entry(asked: dict[str, Any]) -> dict[str, UUID]:
    """Let a unit be responsible for a class in an area from a day on."""
    new = entries.NewEntry(**{**asked, "assisting": tuple(asked["assisting"])})
    return {"id": transact(entries.put_entry, actor(), new)}


@blueprint.post("/responsibilities/<uuid:entry_id>/end")
@blueprint.arguments(EntryEndSchema)
@blueprint.response(HTTPStatus.NO_CONTENT)
def end_entry(asked: dict[str, Any], entry_id: UUID) -> None:
    """Let an entry end with a day."""
    transact(entries.end_entry, actor(), entry_id, asked["valid_to"])


@blueprint.get("/cases/<uuid:case_id>/proposals")
@blueprint.response(HTTPStatus.OK, ProposalsSchema)
def case_proposals(case_id: UUID) -> CaseProposals:
    """Say which units the matrix names for a case, and which collectors are nearest."""
    on = proposals.today(settings().timezone)
    return read(proposals_for, actor().require(Permission.READ_CASES), case_id, on)


@blueprint.post("/cases/<uuid:case_id>/determination")
@blueprint.arguments(DeterminationSchema)
@blueprint.response(HTTPStatus.NO_CONTENT)
def determine(asked: dict[str, Any], case_id: UUID) -> None:
    """Decide who is responsible for a disputed case, and remember it in the matrix."""
    decided = proposals.Determination(
        lead_squad_id=asked["lead_squad_id"],
        basis=asked["basis"],
        on=proposals.today(settings().timezone),
        assisting=tuple(asked["assisting"]),
        remember=asked["remember"],
    )
    transact(proposals.determine, actor(), case_id, decided)


@blueprint.get("/tasks")
@blueprint.arguments(TaskQuerySchema, location="query")
@blueprint.response(HTTPStatus.OK, DeskTaskListSchema)
def tasks(asked: dict[str, Any]) -> Page[DeskTask]:
    """List field tasks, the newest first."""
    after, limit = page_args()
    scope = actor().require(Permission.READ_CASES)
    return read(desk_tasks, scope, kind=asked["kind"], status=asked["status"], after=after, limit=limit)


@blueprint.post("/tasks")
@blueprint.arguments(TaskOrderSchema)
@blueprint.response(HTTPStatus.CREATED, MadeSchema)
def order_task(asked: dict[str, Any]) -> dict[str, UUID]:
    """Order a revisit of a closed case, or a patrol."""
    to = Assignee(squad_id=asked.pop("squad_id"), officer_id=asked.pop("officer_id"))
    return {"id": transact(orders.order_task, actor(), orders.TaskOrder(to=to, **asked))}


@blueprint.post("/tasks/<uuid:task_id>/reassign")
@blueprint.arguments(ReassignSchema)
@blueprint.response(HTTPStatus.NO_CONTENT)
def reassign(asked: dict[str, Any], task_id: UUID) -> None:
    """Give an open task to another squad or officer; it leaves the old handset with the reason."""
    to = Assignee(squad_id=asked["squad_id"], officer_id=asked["officer_id"])
    transact(orders.reassign_task, actor(), task_id, to, reason=asked["reason"])


@blueprint.post("/tasks/<uuid:task_id>/withdraw")
@blueprint.arguments(WithdrawSchema)
@blueprint.response(HTTPStatus.NO_CONTENT)
def withdraw(asked: dict[str, Any], task_id: UUID) -> None:
    """Take a revisit or a patrol back."""
    transact(orders.withdraw_task, actor(), task_id, reason=asked["reason"])
