"""Whoever has the database changes the custody log in every way we could think of; the check names each of them."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.orm import Session
from support.custody_log import EVENTS, Custody
from support.rehearsal import rehearsed

from server.base import table_of
from server.config import Settings
from server.db import db
from server.ledger.custody.checkpoints import sign_checkpoint
from server.ledger.custody.merkle import Frontier, includes, leaf_hash
from server.ledger.custody.note import Statement
from server.ledger.custody.proofs import inclusion
from server.ledger.custody.record import record_bytes
from server.ledger.custody.signer import present_signer
from server.ledger.models import CustodyCheckpoint, CustodyLog, CustodyNode

SIZE = 24
positions = st.integers(0, SIZE - 1)
NODES, CHECKPOINTS, LOGS = table_of(CustodyNode), table_of(CustodyCheckpoint), table_of(CustodyLog)
COPIES = {"custody_event": EVENTS, "custody_node": NODES, "custody_checkpoint": CHECKPOINTS, "custody_log": LOGS}
tries = hypothesis_settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def sound(custody: Custody) -> "Sound":
    """Return a log of 24 events with two checkpoints, which the check finds sound."""
    rehearsed(custody.app, "a sound log", lambda: write_log(custody), files=True)
    assert not custody.faults()
    return Sound(custody)


def write_log(custody: Custody) -> None:
    custody.happen(SIZE // 2)
    custody.sign()
    custody.happen(SIZE - SIZE // 2 - 1)
    custody.sign()


class Sound:
    """A sound log that is put back before every attempt on it."""

    def __init__(self, custody: Custody) -> None:
        self.custody = custody
        self._rows = {name: custody.read(_rows, table) for name, table in COPIES.items()}

    def attempt(self, *statements: Any) -> list[str]:  # noqa: ANN401 (any statement)
        """Tamper with the sound log; return what the check says."""
        self.put_back()
        self.custody.tamper(*statements)
        return self.custody.faults()

    def put_back(self) -> None:
        with self.custody.app.app_context(), db.engine.begin() as connection:
            for table in COPIES.values():
                connection.execute(delete(table))
            for name, table in reversed(COPIES.items()):
                connection.execute(insert(table), self._rows[name])


def _rows(session: Session, table: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (any table)
    return [dict(row) for row in session.execute(select(table)).mappings()]


EDITS: dict[str, dict[str, Any]] = {
    "facts": {"facts": '{"number": 99}'},
    "time": {"at": func.now()},
    "kind": {"kind": "reviewed"},
    "subject": {"subject_id": "f" * 64},
    "salt": {"salt": bytes(16)},
    "agency": {"agency_id": func.coalesce(EVENTS.c.agency_id, EVENTS.c.id)},
    "actor": {"actor_id": func.coalesce(EVENTS.c.actor_id, EVENTS.c.id)},
    "install": {"install_id": func.coalesce(EVENTS.c.install_id, EVENTS.c.id)},
}


@tries
@given(position=positions, what=st.sampled_from(sorted(EDITS)))
def test_an_edited_event_is_found_at_its_place(sound: Sound, position: int, what: str) -> None:
    says = sound.attempt(update(EVENTS).where(EVENTS.c.position == position).values(EDITS[what]))
    assert any(each.startswith(f"Event {position} (") for each in says), (what, says)


@tries
@given(position=positions)
def test_a_removed_event_is_found(sound: Sound, position: int) -> None:
    says = sound.attempt(delete(EVENTS).where(EVENTS.c.position == position))
    assert f"Event {position} is missing." in says


@tries
@given(one=positions, another=positions)
def test_events_that_changed_places_are_found(sound: Sound, one: int, another: int) -> None:
    if one == another:
        return
    says = sound.attempt(
        update(EVENTS).where(EVENTS.c.position == one).values(position=-1),
        update(EVENTS).where(EVENTS.c.position == another).values(position=one),
        update(EVENTS).where(EVENTS.c.position == -1).values(position=another),
    )
    for position in (one, another):
        assert any(each.startswith(f"Event {position} (") for each in says)


@tries
@given(kept=st.integers(1, SIZE - 1))
def test_a_log_that_was_cut_is_found(sound: Sound, kept: int) -> None:
    """Events and nodes beyond are deleted too, so that only the checkpoints still know."""
    says = sound.attempt(
        delete(EVENTS).where(EVENTS.c.position >= kept),
        delete(NODES).where(text(f"(position + 1) << level > {kept}")),
        update(LOGS).values(size=kept),
    )
    assert "The log was cut: it is shorter than its checkpoint." in says


@tries
@given(kept=st.integers(1, SIZE - 1))
def test_a_log_that_was_cut_with_its_checkpoints_is_found_from_outside(sound: Sound, kept: int) -> None:
    says = sound.attempt(
        delete(EVENTS).where(EVENTS.c.position >= kept),
        delete(NODES).where(text(f"(position + 1) << level > {kept}")),
        delete(CHECKPOINTS).where(CHECKPOINTS.c.size > kept),
        update(LOGS).values(size=kept),
    )
    assert any("This database does not have the" in each for each in says)


@tries
@given(level=st.integers(0, 4), data=st.data())
def test_an_edited_or_removed_node_is_found(sound: Sound, level: int, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, (SIZE >> level) - 1))
    here = (NODES.c.level == level, NODES.c.position == position)
    assert sound.attempt(update(NODES).where(*here).values(hash=leaf_hash(b"forged")))
    assert sound.attempt(delete(NODES).where(*here))


def rewritten(session: Session, position: int) -> list[Any]:
    """Return statements that edit an event and make the whole tree fit it."""
    frontier, statements = Frontier(), []
    forged = '{"number": 99}'
    for event in session.execute(select(EVENTS).order_by(EVENTS.c.position)).mappings():
        edit = {"facts": forged} if event["position"] == position else {}
        record = record_bytes(SimpleNamespace(**{**event, **edit}))
        for (level, place), total in frontier.append(leaf_hash(record)):
            here = (NODES.c.level == level, NODES.c.position == place)
            statements.append(update(NODES).where(*here).values(hash=total))
    return [update(EVENTS).where(EVENTS.c.position == position).values(facts=forged), *statements]


@tries
@given(position=positions)
def test_a_log_that_was_rewritten_whole_contradicts_its_checkpoints(sound: Sound, position: int) -> None:
    sound.put_back()
    says = sound.attempt(*sound.custody.read(rewritten, position))
    assert any("are not those of this checkpoint" in each for each in says)


@tries
@given(position=positions)
def test_a_log_that_was_rewritten_and_signed_anew_is_a_fork_of_what_lies_outside(sound: Sound, position: int) -> None:
    """Even with the log key: what was signed before lies outside, and the two contradict each other."""
    sound.put_back()
    statements = sound.custody.read(rewritten, position)
    sound.custody.tamper(*statements)
    with sound.custody.app.app_context():
        signer = present_signer()
    (log,) = sound.custody.logs()
    forged = sound.custody.read(_stated_now, log.origin)
    says = sound.attempt(
        *statements,
        delete(CHECKPOINTS),
        insert(CHECKPOINTS).values(
            log_id=log.id, size=SIZE, root=forged.root, note=signer.sign(forged), signed_at=log.started_at
        ),
    )
    assert any(f"first {SIZE} events are not those of this checkpoint" in each for each in says)
    with sound.custody.app.app_context():
        assert sign_checkpoint() == []


def _stated_now(session: Session, origin: str) -> Statement:
    frontier = Frontier()
    for event in session.execute(select(EVENTS).order_by(EVENTS.c.position)):
        frontier.append(leaf_hash(record_bytes(event)))
    return Statement(origin, frontier.size, frontier.root())


@pytest.mark.parametrize("column", ["size", "root", "note"])
def test_an_edited_checkpoint_is_found(sound: Sound, column: str) -> None:
    values: dict[str, Any] = {"size": SIZE - 1, "root": bytes(32), "note": "gone"}
    newest = CHECKPOINTS.c.size == SIZE
    assert sound.attempt(update(CHECKPOINTS).where(newest).values({column: values[column]}))


def test_an_event_beyond_the_logs_size_is_found(sound: Sound) -> None:
    says = sound.attempt(update(EVENTS).where(EVENTS.c.position == 5).values(position=SIZE + 5))
    assert any("beyond the log's size" in each for each in says)


def test_a_checkpoint_file_that_was_changed_is_found(sound: Sound, settings: Settings) -> None:
    path = max(settings.checkpoint_dir.glob("*/*/*.note"))
    changes: list[Callable[[str], str]] = [
        lambda note: note.replace(f"\n{SIZE}\n", f"\n{SIZE - 1}\n"),
        lambda note: note[:-10] + "AAAAAAAA=\n",
        lambda _note: "",
    ]
    before = path.read_text(encoding="utf-8")
    for change in changes:
        path.write_text(change(before), encoding="utf-8")
        assert sound.attempt()
    path.write_text(before, encoding="utf-8")
    assert not sound.attempt()


@tries
@given(position=positions, other=positions, size=st.integers(1, SIZE))
def test_a_reused_proof_proves_nothing(sound: Sound, position: int, other: int, size: int) -> None:
    """A proof belongs to one event, one place, one tree."""
    sound.put_back()
    (log,) = sound.custody.logs()
    checkpoint = sound.custody.latest(log.id)
    assert checkpoint is not None
    events = sound.custody.read(lambda session: session.execute(select(EVENTS).order_by(EVENTS.c.position)).all())
    leaves = [leaf_hash(record_bytes(event)) for event in events]
    proof = sound.custody.read(inclusion, log.id, position, SIZE)
    assert includes(leaves[position], position, SIZE, proof, checkpoint.root)
    assert includes(leaves[other], position, SIZE, proof, checkpoint.root) is (other == position)
    assert includes(leaves[position], other, SIZE, proof, checkpoint.root) is (other == position)
    if position < size:
        smaller = sound.custody.read(inclusion, log.id, position, size)
        assert includes(leaves[position], position, SIZE, smaller, checkpoint.root) is (smaller == proof)


def test_an_event_that_was_blanked_without_a_disposal_is_found(sound: Sound) -> None:
    blank = {"facts": "", "salt": b"", "disposed_at": func.now()}
    says = sound.attempt(update(EVENTS).where(EVENTS.c.position == 7).values(blank))
    assert any("no disposal names it" in each for each in says)
