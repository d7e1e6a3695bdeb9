"""The feed's numbers: no change is skipped, whatever a reader or another writer does between number and commit.

On PostgreSQL: SQLite has one writer at a time. Marks of nothing are told as drops, which is all that is needed here.
"""

import threading
from collections.abc import Callable, Sequence
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.orm import Session
from support.field import FieldHandset
from support.forced_points import COMMIT, Point, interleave
from support.lock_waits import ran_as_far_as_it_gets

from server.base import new_tag, uuid7
from server.db import db, transact
from server.ledger.marks import Entity, mark
from server.ledger.models import Rendezvous
from server.ledger.purge import purge_marks

Begun = Callable[[Session], None] | None
# Number and mark are written, nothing is committed.
NUMBERED = Point(COMMIT, after="INTO feed_mark")


@pytest.fixture
def database(postgresql_database: str) -> str:
    return postgresql_database


@pytest.fixture
def scope(collector: FieldHandset) -> str:
    """Return the collector's scope, read to its end."""
    collector.pull()
    return f"officer:{collector.enrolled.officer_id}"


def change(
    app: Flask, scopes: str | Sequence[str], entity: UUID, begun: Callable[[Session], None] | None = None
) -> None:
    """Mark an entity in scopes; ``begun`` runs first in the transaction."""

    def operation(session: Session) -> None:
        if begun is not None:
            begun(session)
        for scope in [scopes] if isinstance(scopes, str) else scopes:
            mark(session, scope, Entity("case", entity), new_tag())

    with app.app_context():
        transact(operation)


def told(handset: FieldHandset, limit: int = 200) -> set[str]:
    """Return the ids on the next page, and go on behind it."""
    answer = handset.ask_page(handset.cursor, limit)
    assert answer.status_code == 200, answer.text
    handset.cursor = answer.json["next_cursor"]
    return {each["id"] for each in answer.json["changes"]}


def test_a_change_that_took_its_number_first_and_commits_last_is_delivered(
    app: Flask, collector: FieldHandset, scope: str
) -> None:
    slow, fast, found = uuid7(), uuid7(), set[str]()

    def meanwhile() -> None:
        change(app, scope, fast)
        found.update(told(collector))

    interleave(app, lambda: change(app, scope, slow), NUMBERED, meanwhile)
    found |= told(collector)
    assert found == {str(slow), str(fast)}


def test_a_change_of_the_older_transaction_hides_none_that_took_its_number_before(
    app: Flask, collector: FieldHandset, scope: str
) -> None:
    old, young, found = uuid7(), uuid7(), set[str]()
    begun, go_on = threading.Event(), threading.Event()

    def first_write(session: Session) -> None:
        session.add(Rendezvous(key="the older transaction has its id"))
        session.flush()
        begun.set()
        assert go_on.wait(20)

    older = threading.Thread(target=change, args=(app, scope, old, first_write))
    older.start()
    assert begun.wait(20)

    def meanwhile() -> None:
        go_on.set()
        ran_as_far_as_it_gets(_engine(app), older)
        found.update(told(collector))

    interleave(app, lambda: change(app, scope, young), NUMBERED, meanwhile)
    older.join()
    found |= told(collector)
    assert found == {str(old), str(young)}


def test_pages_cut_inside_one_transaction_bring_all_of_it(app: Flask, collector: FieldHandset, scope: str) -> None:
    entities = [uuid7() for _ in range(3)]

    def operation(session: Session) -> None:
        for entity in entities:
            mark(session, scope, Entity("case", entity), new_tag())

    with app.app_context():
        transact(operation)
    found = [told(collector, limit=1) for _ in entities]
    assert set().union(*found) == {str(entity) for entity in entities}


def test_writers_who_name_their_scopes_in_opposite_order_never_wait_in_a_circle(app: Flask) -> None:
    there, back = ["race:a", "race:b"], ["race:b", "race:a"]
    undone: list[object] = []

    def note(context: ExceptionContext) -> None:
        undone.append(context.original_exception)

    event.listen(_engine(app), "handle_error", note)
    try:
        # Held with one of its two scopes numbered.
        held = interleave(
            app,
            lambda: change(app, there, uuid7()),
            Point("INTO feed_mark"),
            lambda: change(app, back, uuid7()),
        )
    finally:
        event.remove(_engine(app), "handle_error", note)
    assert held.waited
    assert undone == []


def test_what_is_committed_while_a_page_is_read_comes_with_the_next(
    app: Flask, collector: FieldHandset, scope: str
) -> None:
    before, between = uuid7(), uuid7()
    change(app, scope, before)
    page = interleave(
        app,
        lambda: told(collector),
        # The marks were read; what may be seen of them is looked up.
        Point(r'FROM "?case"?', after="FROM feed_mark"),
        lambda: change(app, scope, between),
    )
    assert page.first == {str(before)}
    assert told(collector) == {str(between)}


def test_an_entity_that_changes_during_a_purge_is_told(app: Flask, collector: FieldHandset, scope: str) -> None:
    old, last = uuid7(), uuid7()
    for entity in (old, last):
        change(app, scope, entity)
    assert told(collector) == {str(old), str(last)}

    def purge() -> int:
        with app.app_context():
            return transact(purge_marks, scope, 1)

    held = interleave(app, purge, Point("DELETE FROM feed_mark"), lambda: change(app, scope, old))
    assert held.first == 1
    assert told(collector) == {str(old)}


def _engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine
