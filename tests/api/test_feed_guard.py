"""The feed's guard: what handsets mirror cannot be written in silence, whichever way the SQL was made."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session
from street import Street, street

from server.base import new_tag
from server.casework.models import Case, CaseEvent, FieldTask, TaskAssignment
from server.db import read, transact
from server.ledger.guard import UnmarkedChange
from server.ledger.marks import Entity, mark


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    return street(app, client)


def description(app: Flask) -> str:
    with app.app_context():
        return read(lambda session: session.scalars(select(Case.description)).one())


def by_orm(session: Session) -> None:
    session.scalars(select(Case)).one().description = "changed"


def by_bulk(session: Session) -> None:
    session.execute(update(Case).values(description="changed"))


def by_raw_text(session: Session) -> None:
    session.execute(text("\n  update \"case\" set description = 'changed'"))


def by_a_common_table_expression(session: Session) -> None:
    chosen = select(Case.id).cte("chosen")
    session.execute(
        update(Case).where(Case.id.in_(select(chosen.c.id))).values(description="changed").add_cte(chosen),
        execution_options={"synchronize_session": False},
    )


def by_a_kept_savepoint(session: Session) -> None:
    with session.begin_nested(), session.begin_nested():
        by_bulk(session)


WAYS = [by_orm, by_bulk, by_raw_text, by_a_common_table_expression, by_a_kept_savepoint]


@pytest.mark.parametrize("way", WAYS)
def test_a_change_that_no_handset_hears_of_is_undone(app: Flask, town: Street, way: Callable[[Session], None]) -> None:
    town.report()
    before = description(app)
    with app.app_context(), pytest.raises(UnmarkedChange, match="without a feed mark: case"):
        transact(way)
    assert description(app) == before


def test_a_mark_of_another_type_is_no_excuse(app: Flask, town: Street) -> None:
    case_id, _task_id = town.dispatched()

    def silent(session: Session) -> None:
        session.execute(update(FieldTask).values(assigned_at=FieldTask.assigned_at))
        mark(session, f"officer:{town.city.collector.id}", Entity("case", case_id), new_tag())

    with app.app_context(), pytest.raises(UnmarkedChange, match="without a feed mark: task"):
        transact(silent)


def test_removing_a_task_needs_its_mark_too(app: Flask, town: Street) -> None:
    town.dispatched()

    def silent(session: Session) -> None:
        session.execute(delete(TaskAssignment))
        session.execute(delete(FieldTask))

    with app.app_context(), pytest.raises(UnmarkedChange):
        transact(silent)


def test_a_marked_bulk_change_commits(app: Flask, town: Street) -> None:
    case_id = town.report()

    def told(session: Session) -> None:
        by_bulk(session)
        mark(session, f"officer:{town.city.collector.id}", Entity("case", case_id), new_tag())

    with app.app_context():
        transact(told)
    assert description(app) == "changed"


def test_maintenance_says_why_it_needs_no_mark(app: Flask, town: Street) -> None:
    town.report()
    statement = update(Case).values(description="changed").execution_options(unmarked="a test of the exemption")
    with app.app_context():
        transact(lambda session: session.execute(statement).close())
    assert description(app) == "changed"
    without_reason = update(Case).values(description="again").execution_options(unmarked="")
    with app.app_context(), pytest.raises(UnmarkedChange):
        transact(lambda session: session.execute(without_reason).close())


def test_what_a_savepoint_took_back_needs_no_mark(app: Flask, town: Street) -> None:
    town.report()
    before = description(app)

    def undone(session: Session) -> None:
        savepoint = session.begin_nested()
        by_bulk(session)
        savepoint.rollback()

    with app.app_context():
        transact(undone)
    assert description(app) == before


def test_a_refused_transaction_leaves_nothing_behind_on_its_connection(app: Flask, town: Street) -> None:
    case_id = town.report()
    for _ in range(12):  # more than the pool has connections that could remember
        with app.app_context(), pytest.raises(UnmarkedChange):
            transact(by_bulk)
    with app.app_context():
        transact(_note_only, case_id)


def _note_only(session: Session, case_id: UUID) -> None:
    """Write a neighbour of the guarded tables whose name begins like one of them."""
    session.execute(update(CaseEvent).where(CaseEvent.case_id == case_id).values(reason="read again"))
