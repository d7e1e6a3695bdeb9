"""The one door for writing: all or nothing, lost races run again, marks are numbered last and without a gap."""

import threading
from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from support.databases import waits_for_the_disk

from server.db import ATTEMPTS, jot, read, transact
from server.ledger.marks import MOST_MARKS, Entity, mark
from server.ledger.models import FeedMark, FeedScope, Rendezvous
from server.ledger.operations import ensure_epoch, meet
from server.problems import Problem

SCOPE, OTHER = "squad:b", "officer:a"


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def keys() -> list[str]:
    return read(lambda session: list(session.scalars(select(Rendezvous.key).order_by(Rendezvous.key))))


def marks(scope: str = SCOPE) -> list[tuple[int, UUID, str]]:
    def query(session: Session) -> list[tuple[int, UUID, str]]:
        columns = select(FeedMark.seq, FeedMark.entity_id, FeedMark.version)
        rows = session.execute(columns.where(FeedMark.scope == scope).order_by(FeedMark.seq))
        return [(row.seq, row.entity_id, row.version) for row in rows]

    return read(query)


def head(scope: str = SCOPE) -> int | None:
    return read(lambda session: session.scalar(select(FeedScope.head).where(FeedScope.scope == scope)))


def test_what_an_operation_wrote_is_there_afterwards_and_its_result_is_returned() -> None:
    def operation(session: Session, name: str, *, more: str) -> str:
        session.add_all([Rendezvous(key=name), Rendezvous(key=more)])
        return "done"

    assert transact(operation, "a", more="b") == "done"
    assert keys() == ["a", "b"]


@pytest.mark.parametrize("error", [ValueError("wrong"), Problem("forbidden"), KeyboardInterrupt()])
def test_an_error_rolls_everything_back_and_is_raised_as_it_is(error: BaseException) -> None:
    calls = []

    def operation(session: Session) -> None:
        calls.append(1)
        session.add(Rendezvous(key="a"))
        session.flush()
        mark(session, SCOPE, Entity("task", uuid4()), "v")
        raise error

    with pytest.raises(type(error)) as caught:
        transact(operation)
    assert caught.value is error
    assert (keys(), head(), calls) == ([], None, [1])


@pytest.mark.usefixtures("durable")
def test_only_what_is_jotted_does_not_wait_for_the_disk() -> None:
    def jotted(session: Session, name: str, *, fails: bool = False) -> bool:
        session.add(Rendezvous(key=name))
        if fails:
            raise ValueError(name)
        return waits(session)

    def waits(session: Session) -> bool:
        return waits_for_the_disk(session.connection())

    assert jot(jotted, "a") is False
    assert transact(waits)
    with pytest.raises(ValueError, match="b"):
        jot(jotted, "b", fails=True)
    assert transact(waits)
    assert read(waits)
    assert keys() == ["a"]


def test_a_unique_key_lost_in_a_race_runs_the_whole_operation_again() -> None:
    transact(lambda session: session.add(Rendezvous(key="taken")))
    attempts: list[str] = []

    def operation(session: Session) -> str:
        attempts.append("x")
        session.add(Rendezvous(key=f"first try {len(attempts)}"))
        session.flush()
        name = "taken" if len(attempts) == 1 else "free"
        session.add(Rendezvous(key=name))
        return name

    assert transact(operation) == "free"
    assert len(attempts) == 2
    assert keys() == ["first try 2", "free", "taken"]


def test_a_broken_rule_is_raised_after_the_last_attempt() -> None:
    transact(lambda session: session.add(Rendezvous(key="taken")))
    attempts = []

    def operation(session: Session) -> None:
        attempts.append(1)
        session.add(Rendezvous(key="taken"))

    with pytest.raises(IntegrityError):
        transact(operation)
    assert len(attempts) == ATTEMPTS


def test_a_savepoint_commits_nothing_by_itself() -> None:
    # Python's own SQLite driver commits everything when a savepoint is released, unless it is told not to.
    def operation(session: Session) -> None:
        session.add(Rendezvous(key="before"))
        session.flush()
        with session.begin_nested():
            session.add(Rendezvous(key="inside"))
        raise Problem("forbidden")

    with pytest.raises(Problem):
        transact(operation)
    assert keys() == []


def test_a_savepoint_that_is_rolled_back_takes_only_its_own_writes() -> None:
    def operation(session: Session) -> None:
        session.add(Rendezvous(key="before"))
        session.flush()
        savepoint = session.begin_nested()
        session.add(Rendezvous(key="inside"))
        session.flush()
        savepoint.rollback()
        session.add(Rendezvous(key="after"))

    transact(operation)
    assert keys() == ["after", "before"]


def test_marks_are_numbered_last_and_one_by_one() -> None:
    first, second = uuid4(), uuid4()

    def operation(session: Session) -> int | None:
        mark(session, SCOPE, Entity("task", first), "v1")
        mark(session, SCOPE, Entity("task", second), "v2")
        mark(session, OTHER, Entity("case", first), "v3")
        session.flush()
        # No counter row is locked yet: another writer of the same squad can still work.
        return session.scalar(select(func.count()).select_from(FeedScope))

    assert transact(operation) == 0
    assert {(entity, version) for _, entity, version in marks()} == {(first, "v1"), (second, "v2")}
    assert ([seq for seq, *_ in marks()], head(), head(OTHER)) == ([1, 2], 2, 1)


def test_a_later_mark_of_the_same_entity_moves_to_the_end() -> None:
    first, second = uuid4(), uuid4()
    for entity, version in ((first, "v1"), (second, "v2"), (first, "v3")):
        transact(lambda session, e=entity, v=version: mark(session, SCOPE, Entity("task", e), v))
    assert marks() == [(2, second, "v2"), (3, first, "v3")]


def test_one_entity_marked_twice_in_one_transaction_takes_one_number() -> None:
    entity = Entity("task", uuid4())

    def operation(session: Session) -> None:
        mark(session, SCOPE, entity, "v1", reason="reassigned")
        mark(session, SCOPE, entity, "v2")

    transact(operation)
    assert (marks(), head()) == ([(1, entity.id, "v2")], 1)


def test_bulk_work_must_be_cut_into_chunks() -> None:
    def operation(session: Session, count: int) -> None:
        for _ in range(count):
            mark(session, SCOPE, Entity("task", uuid4()), "v")

    transact(operation, MOST_MARKS)
    with pytest.raises(ValueError, match=f"{MOST_MARKS}"):
        transact(operation, MOST_MARKS + 1)
    assert head() == MOST_MARKS


def test_the_epoch_is_made_once() -> None:
    assert transact(ensure_epoch) == transact(ensure_epoch)


def at_once(app: Flask, count: int, work: Callable[[int], object]) -> list[Exception]:
    """Run ``work(number)`` in ``count`` threads that begin together; return what they raised."""
    barrier = threading.Barrier(count)
    raised: list[Exception] = []

    def run(number: int) -> None:
        with app.app_context():
            barrier.wait()
            try:
                work(number)
            except Exception as error:  # noqa: BLE001 (the test shows it)
                raised.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_concurrent_writers_number_their_marks_without_gap_or_double(app: Flask) -> None:
    def work(number: int) -> None:
        for _ in range(5):
            # Both scopes in turn first: they are locked in sorted order, so nobody waits in a circle.
            scopes = [SCOPE, OTHER] if number % 2 else [OTHER, SCOPE]
            transact(lambda session, s=scopes: [mark(session, scope, Entity("task", uuid4()), "v") for scope in s])

    assert at_once(app, 8, work) == []
    for scope in (SCOPE, OTHER):
        assert [seq for seq, *_ in marks(scope)] == list(range(1, 41))
        assert head(scope) == 40


def test_whoever_meets_at_a_key_sees_what_the_other_brought(app: Flask) -> None:
    # Each brings its own key and looks for the other's; without the rendezvous both may look too early.
    sights: list[bool] = []

    def work(number: int) -> None:
        def operation(session: Session) -> bool:
            meet(session, ["meeting"])
            seen = session.get(Rendezvous, f"brought {1 - number}") is not None
            session.add(Rendezvous(key=f"brought {number}"))
            return seen

        sights.append(transact(operation))

    assert at_once(app, 2, work) == []
    assert sorted(sights) == [False, True]


def test_meeting_at_the_same_keys_in_any_order_never_locks_in_a_circle(app: Flask) -> None:
    names = [f"photo:{number}" for number in range(5)]

    def work(number: int) -> None:
        order = names if number % 2 else names[::-1]
        transact(lambda session: meet(session, order))

    assert at_once(app, 8, work) == []
    assert keys() == names


def test_counting_up_loses_nothing_under_concurrency(app: Flask) -> None:
    transact(lambda session: session.add(FeedScope(scope="count", head=0, floor=0)))

    def work(_number: int) -> None:
        for _ in range(5):
            transact(lambda session: session.execute(update(FeedScope).values(head=FeedScope.head + 1)))

    assert at_once(app, 6, work) == []
    assert head("count") == 30
