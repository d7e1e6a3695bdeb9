"""Several officers on one handset, sessions, and the renewal of the credential, over lines that lose answers."""

import hashlib
import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.field_server import OFFICERS, FieldServer, running_field_server

from sync.handset import AlreadyEnrolled, Handset, LineBroken, Refused, UnknownOfficer

REPORT = {"category": {"scheme": "s", "code": "0101"}, "description": "暴露垃圾", "position": {"lon": 1, "lat": 2}}
FIRST, SECOND = OFFICERS[0]["id"], OFFICERS[1]["id"]


@pytest.fixture
def server() -> Iterator[FieldServer]:
    with running_field_server() as state:
        yield state


@pytest.fixture
def handset(server: FieldServer, tmp_path: Path) -> Iterator[Handset]:
    with Handset(tmp_path, server.url) as handset:
        handset.enrol(server.code_for(FIRST))
        yield handset


def test_each_officer_has_a_key_a_chain_and_a_mirror_of_their_own(server: FieldServer, handset: Handset) -> None:
    server.feed.show(FIRST, "task", "first's")
    server.feed.show(SECOND, "task", "second's")
    mine = handset.record("report", REPORT)
    handset.sync()
    handset.enrol_officer(server.code_for(SECOND))
    assert handset.mirror.is_empty()
    others = [json.loads(handset.outbox.item(handset.record("report", REPORT)).body) for _ in range(2)]
    handset.sync()
    assert [task["task_id"] for task in handset.mirror.entities("task")] == ["second's"]
    assert [(body["officer_id"], body["dseq"]) for body in others] == [(SECOND, 2), (SECOND, 3)]
    assert others[0]["prev"] is None
    handset.switch_officer(FIRST)
    assert [task["task_id"] for task in handset.mirror.entities("task")] == ["first's"]
    back = json.loads(handset.outbox.item(handset.record("report", REPORT)).body)
    assert (back["dseq"], back["prev"]) == (4, handset.outbox.item(mine).fingerprint)
    keys = next(iter(server.installs.values()))["keys"]
    assert keys[FIRST] != keys[SECOND]
    assert handset.outbox.acked()["count"] == 3


def test_an_officer_comes_back_without_signal_and_the_server_learns_it_before_any_page(
    server: FieldServer, handset: Handset
) -> None:
    handset.enrol_officer(server.code_for(SECOND))
    server.shifts.clear()
    for officer_id in (FIRST, SECOND, FIRST):
        handset.switch_officer(officer_id)
        handset.record("report", REPORT)
    server.pulled_by.clear()
    handset.sync()
    assert server.shifts == [FIRST, SECOND, FIRST]
    assert set(server.pulled_by) == {FIRST}
    assert [item.officer_id for item in handset.outbox.items()] == [FIRST, SECOND, FIRST]


def test_after_a_lost_answer_about_a_shift_no_page_is_taken_for_the_wrong_officer(
    server: FieldServer, handset: Handset
) -> None:
    server.feed.show(FIRST, "task", "first's")
    server.feed.show(SECOND, "task", "second's")
    code = server.code_for(SECOND)
    server.lose_answers = 1
    with pytest.raises(LineBroken):
        handset.enrol_officer(code)
    assert handset.officer["id"] == FIRST
    handset.record("report", REPORT)
    handset.push()
    assert handset.mirror.is_empty()
    handset.sync()
    assert [task["task_id"] for task in handset.mirror.entities("task")] == ["first's"]
    handset.switch_officer(SECOND)
    handset.sync()
    assert [task["task_id"] for task in handset.mirror.entities("task")] == ["second's"]


def test_a_page_that_names_another_officer_is_left_alone(server: FieldServer, handset: Handset) -> None:
    server.feed.show(FIRST, "task", "first's")
    server.names_officer = SECOND
    with pytest.raises(LineBroken, match="another officer"):
        handset.sync()
    assert handset.mirror.is_empty()
    assert handset.mirror.cursor() is None
    server.names_officer = ""
    server.shifts.clear()
    assert handset.sync().is_current
    assert [task["task_id"] for task in handset.mirror.entities("task")] == ["first's"]
    assert server.shifts == [FIRST]


def test_a_handset_that_believes_the_wrong_officer_on_shift_finds_out_by_the_page(
    server: FieldServer, handset: Handset
) -> None:
    handset.enrol_officer(server.code_for(SECOND))
    server.feed.show(FIRST, "task", "first's")
    server.feed.show(SECOND, "task", "second's")
    install = next(iter(server.installs.values()))
    # As a copy of an old request leaves it, which was on its way for long.
    install["officer"] = OFFICERS[0]
    assert handset.sync().is_current
    assert [task["task_id"] for task in handset.mirror.entities("task")] == ["second's"]
    handset.switch_officer(FIRST)
    assert handset.mirror.is_empty()


def test_a_code_is_sent_again_after_a_lost_answer(server: FieldServer, handset: Handset) -> None:
    code = server.code_for(SECOND)
    server.lose_answers = 1
    with pytest.raises(LineBroken):
        handset.enrol_officer(code)
    handset.enrol_officer(code)
    assert (handset.officer["id"], server.shifts[-1]) == (SECOND, SECOND)
    handset.sync()
    assert server.pulled_by[-1] == SECOND


def test_a_code_that_is_refused_leaves_the_handset_as_it_was(server: FieldServer, handset: Handset) -> None:
    with pytest.raises(Refused, match="unknown-code"):
        handset.enrol_officer("nobody's")
    with pytest.raises(Refused, match="officer-has-key"):
        handset.enrol_officer(server.code_for(FIRST))
    tally = handset.sync()
    assert (handset.officer["id"], tally.told, server.pulled_by[-1]) == (FIRST, [], FIRST)


def test_an_officer_who_was_never_here_needs_a_code(handset: Handset) -> None:
    with pytest.raises(UnknownOfficer, match="code"):
        handset.switch_officer(SECOND)


def test_a_refused_change_of_shift_is_told_and_stops_no_record(server: FieldServer, handset: Handset) -> None:
    handset.enrol_officer(server.code_for(SECOND))
    next(iter(server.installs.values()))["keys"].pop(FIRST)
    handset.switch_officer(FIRST)
    handset.record("report", REPORT)
    with pytest.raises(Refused, match="bad-session-proof"):
        handset.sync()
    assert handset.outbox.unsent_count() == 0


def test_an_expired_session_is_renewed_by_signature(server: FieldServer, handset: Handset) -> None:
    server.feed.show(FIRST, "task", "a")
    server.expired = True
    tally = handset.sync()
    assert ([task["task_id"] for task in handset.mirror.entities("task")], tally.is_current) == (["a"], True)
    assert server.shifts == [FIRST]


def test_an_expired_session_costs_no_record(server: FieldServer, handset: Handset) -> None:
    handset.record("report", REPORT)
    server.expired = True
    next(iter(server.installs.values()))["keys"].clear()
    with pytest.raises(Refused, match="bad-session-proof"):
        handset.sync()
    assert handset.outbox.unsent_count() == 0


def test_a_second_enrolment_does_not_take_over_an_outbox(server: FieldServer, handset: Handset) -> None:
    install_id = handset.install_id
    with pytest.raises(AlreadyEnrolled, match="folder of its own"):
        handset.enrol(server.code_for(FIRST))
    assert handset.install_id == install_id


def credential(handset: Handset) -> str:
    return str(handset._device.store.note("credential"))  # noqa: SLF001 (nobody else may ever see it)


def test_the_credential_is_renewed_and_the_old_one_ends(server: FieldServer, handset: Handset) -> None:
    old = credential(handset)
    server.wants_rotation = True
    handset.sync()
    new = credential(handset)
    assert new != old
    assert len(urlsafe_b64decode(new + "=")) == 32
    handset.sync()
    assert list(server.installs) == [new]


@pytest.mark.parametrize("reaches_the_server", [True, False])
def test_a_lost_answer_to_a_rotation_locks_nobody_out(
    server: FieldServer, handset: Handset, tmp_path: Path, *, reaches_the_server: bool
) -> None:
    old = credential(handset)
    if reaches_the_server:
        server.lose_answers = 1
    else:
        server.busy = [1]
    with pytest.raises(LineBroken):
        handset.rotate()
    handset.record("report", REPORT)
    handset.close()
    with Handset(tmp_path, server.url) as again:
        again.sync()
        assert again.outbox.unsent_count() == 0
        assert credential(again) != old
        again.sync()
        assert list(server.installs) == [credential(again)]


def test_a_handset_killed_after_using_the_new_credential_finds_it_again(
    server: FieldServer, handset: Handset, tmp_path: Path
) -> None:
    upcoming = "n" * 43
    handset._device.store.write_note("next_credential", upcoming)  # noqa: SLF001 (as a kill may leave it)
    install = next(iter(server.installs.values()))
    install["next_sha256"] = hashlib.sha256(upcoming.encode()).hexdigest()
    server.install_of(upcoming)
    handset.record("report", REPORT)
    handset.sync()
    assert (credential(handset), handset.outbox.unsent_count()) == (upcoming, 0)


def test_a_restored_server_that_knows_only_the_former_credential_is_reached(
    server: FieldServer, handset: Handset
) -> None:
    old = credential(handset)
    handset.rotate()
    handset.sync()
    server.installs = {old: next(iter(server.installs.values()))}
    handset.record("report", REPORT)
    handset.sync()
    assert (credential(handset), handset.outbox.unsent_count()) == (old, 0)


def test_reference_documents_come_whole_first_and_then_as_differences(server: FieldServer, handset: Handset) -> None:
    server.documents["squads"] = {"version": "1", "entries": {"a": {"name": "一"}, "b": {"name": "二"}}}
    handset.sync()
    assert handset.documents.entries("squads") == {"a": {"name": "一"}, "b": {"name": "二"}}
    server.documents["squads"] = {
        "version": "2", "before": "1", "changed": ["c"], "removed": ["a"],
        "entries": {"b": {"name": "二"}, "c": {"name": "三"}},
    }  # fmt: skip
    handset.documents.fetch("squads")
    assert handset.documents.entries("squads") == {"b": {"name": "二"}, "c": {"name": "三"}}
    assert handset.documents.version("squads") == "2"
