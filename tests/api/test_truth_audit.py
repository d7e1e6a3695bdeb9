"""The audit of the server's books: silent on a day's work, and each damage is found by exactly its own check."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Executable, delete, func, insert, select, text, update
from sqlalchemy.orm import Session
from support.field import FieldHandset, answer_to, photo, report
from support.office import Office
from support.people import lived

from photo_store import original_key
from server import clock
from server.casework.models import Case, CaseClock, CaseEvent, TaskEvent
from server.clock import now
from server.current import blobs
from server.db import read, transact
from server.evidence.models import Evidence, Photo
from server.gateway.models import InboxItem
from server.gateway.truth import effects
from server.gateway.truth.audit import all_checks, audit
from server.gateway.truth.finding import Finding
from server.gateway.truth_jobs import audit_by_night, look_for_late
from server.identity.models import Install, InstallReport
from server.ledger.alarms import open_alarms
from server.ledger.models import FeedMark, FeedScope

TAG = "0" * 16
NEAR, AFTER = photo(1), photo(2)


@pytest.fixture
def day(office: Office, collector: FieldHandset, enforcer: FieldHandset) -> None:
    lived("a day of all that the audit compares", lambda: live(office, collector, enforcer), collector, enforcer)


def live(office: Office, collector: FieldHandset, enforcer: FieldHandset) -> None:
    """Live a day with everything the checks compare: reports, a task, its answer, photographs, a quarantined item."""
    first, second, third = (collector.item(payload=report(*photos)) for photos in ([NEAR], [NEAR, AFTER], []))
    # One by one: items of one push are numbered in the order of their ids.
    case_id = collector.push(first)["results"][0]["case_id"]
    collector.push(second)
    collector.push(third)
    collector.upload(NEAR, AFTER)
    office.dispatch(case_id)
    enforcer.pull()
    (task,) = enforcer.tasks()
    enforcer.upload(AFTER)
    enforcer.push(enforcer.item("task_event", answer_to(task, "started", AFTER)))
    enforcer.push(enforcer.text_item("{"))


def findings(app: Flask) -> list[Finding]:
    with app.app_context():
        return list(audit(all_checks(blobs(), deep=True)))


def damage(app: Flask, *statements: Executable) -> None:
    """Change rows as a hand in the database or a faulty release would."""

    def change(session: Session) -> None:
        for statement in statements:
            session.execute(statement.execution_options(unmarked="damage", synchronize_session=False))

    with app.app_context():
        transact(change)


def test_a_days_work_balances(app: Flask, day: None) -> None:
    assert findings(app) == []
    with app.app_context():
        assert read(open_alarms) == []


def test_a_check_whose_photographs_came_before_its_answer_balances(
    app: Flask, office: Office, collector: FieldHandset, enforcer: FieldHandset
) -> None:
    case_id = collector.push(collector.item(payload=report(NEAR)))["results"][0]["case_id"]
    office.dispatch(case_id)
    enforcer.pull()
    enforcer.upload(AFTER)
    (task,) = enforcer.tasks()
    assert enforcer.states(enforcer.item("task_event", answer_to(task, "done", AFTER))) == ["applied"]
    office.act(case_id, "send_check")
    collector.pull()
    collector.upload(NEAR)
    (check,) = collector.tasks()
    answer = answer_to(check, "done", NEAR, result="passed")
    assert collector.states(collector.item("task_event", answer)) == ["applied"]
    assert findings(app) == []


THIRD = InboxItem.n == 3
ITS_CASE = Case.origin_item_id == select(InboxItem.item_id).where(THIRD).scalar_subquery()
COLLECTORS = Install.item_count == 3
# The third report has no photographs: nothing marked its case again, and it is not the highest number.
ITS_ID = select(Case.id).where(ITS_CASE).scalar_subquery()
ITS_MARK = FeedMark.entity_id == ITS_ID
LOWEST = select(func.min(FeedMark.seq)).where(FeedMark.entity_type == "case").scalar_subquery()
HIGHEST = select(func.max(FeedMark.seq)).where(FeedMark.entity_type == "case").scalar_subquery()

DAMAGES: dict[str, tuple[list[Executable], set[str], set[str]]] = {
    "a mark is gone": (
        [delete(FeedMark).where(ITS_MARK)],
        {"mark-missing"},
        {"feed_mark_missing"},
    ),
    "a mark names another version": (
        [update(FeedMark).where(ITS_MARK).values(version=TAG)],
        {"mark-stale"},
        {"feed_mark_stale"},
    ),
    "a case changed in silence": (
        [update(Case).where(ITS_CASE).values(version=TAG)],
        {"mark-stale"},
        {"feed_mark_stale"},
    ),
    "a scope's head ran ahead": (
        [update(FeedScope).values(head=FeedScope.head + 1)],
        {"head-off"},
        {"feed_scope_broken"},
    ),
    "marks lie below the floor": (
        [update(FeedScope).where(FeedScope.scope.startswith("officer:")).values(floor=FeedScope.head)],
        {"below-floor"},
        {"feed_scope_broken"},
    ),
    "a scope's counter is gone": (
        [delete(FeedScope).where(FeedScope.scope.startswith("squad:"))],
        {"scope-missing"},
        {"feed_scope_broken"},
    ),
    "a receipt was never marked": (
        [update(InboxItem).where(THIRD).values(version=TAG)],
        {"receipt-missing"},
        {"feed_mark_missing"},
    ),
    "the newest row of an install is gone": (
        [delete(InboxItem).where(InboxItem.state == "quarantined")],
        {"count-off", "sum-off"},
        {"count_mismatch"},
    ),
    "a row in the middle is gone": (
        [delete(InboxItem).where(InboxItem.n == 2, InboxItem.kind == "report")],
        {"numbers-missing", "count-off", "sum-off", "dseq-claimed", "no-item"},
        {"count_mismatch", "effect_doubled"},
    ),
    "the sum is another": (
        [update(Install).where(COLLECTORS).values(item_sum="f" * 32)],
        {"sum-off"},
        {"count_mismatch"},
    ),
    "the count is another": (
        [update(Install).where(COLLECTORS).values(item_count=4)],
        {"count-off"},
        {"count_mismatch"},
    ),
    "a number is claimed that has no row": (
        [update(Install).where(COLLECTORS).values(dseq_through=4)],
        {"dseq-claimed"},
        {"count_mismatch"},
    ),
    "a number beyond a gap is claimed that has no row": (
        [update(Install).where(COLLECTORS).values(dseq_beyond="[[7, 9]]")],
        {"dseq-claimed"},
        {"count_mismatch"},
    ),
    "a text was altered": (
        [update(InboxItem).where(THIRD).values(body=b"{}")],
        {"text-altered"},
        {"count_mismatch"},
    ),
    "a case is gone": (
        [
            delete(CaseEvent).where(CaseEvent.case_id == ITS_ID),
            delete(CaseClock).where(CaseClock.case_id == ITS_ID),
            delete(Case).where(ITS_CASE),
        ],
        {"no-effect"},
        {"effect_missing"},
    ),
    "an answer is gone": ([delete(TaskEvent)], {"no-effect"}, {"effect_missing"}),
    "a case's item was never applied": (
        [update(InboxItem).where(THIRD).values(state="quarantined")],
        {"no-item"},
        {"effect_doubled"},
    ),
    "a declared photograph is no evidence": (
        [delete(Evidence).where(Evidence.position == 1)],
        {"photo-not-declared"},
        {"effect_missing"},
    ),
    "a photograph's row is gone": (
        [delete(Photo).where(Photo.sha256 == NEAR.sha256)],
        {"photo-row-missing"},
        {"photo_lost"},
    ),
    "a photograph has another size": ([update(Photo).values(size=Photo.size + 1)], {"original-size"}, {"photo_lost"}),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_a_damage_is_found_by_its_check_alone_and_raises_its_alarm(app: Flask, day: None, what: str) -> None:
    statements, checks, alarms = DAMAGES[what]
    damage(app, *statements)
    found = findings(app)
    assert {finding.check for finding in found} == checks
    with app.app_context():
        opened = read(open_alarms)
    assert {alarm.name for alarm in opened} == alarms
    assert {alarm.subject for alarm in opened} == {finding.subject for finding in found}
    assert all(alarm.facts["findings"] for alarm in opened)


@pytest.fixture
def without_the_unique_number(app: Flask) -> Iterator[None]:
    create = "CREATE UNIQUE INDEX uq_feed_mark_scope_seq ON feed_mark (scope, seq)"
    damage(app, text("DROP INDEX uq_feed_mark_scope_seq"))
    yield
    damage(app, delete(FeedMark), text(create))


def test_a_number_given_twice_is_found(app: Flask, day: None, without_the_unique_number: None) -> None:
    damage(app, update(FeedMark).where(ITS_MARK).values(seq=HIGHEST))
    assert {finding.check for finding in findings(app)} == {"number-twice"}


def test_a_receipts_mark_at_another_version_is_found(app: Flask, day: None) -> None:
    with app.app_context():
        install_id, item_id = read(
            lambda session: session.execute(select(InboxItem.install_id, InboxItem.item_id).where(THIRD)).one()
        )
    scope = f"install:{install_id}"
    stale = {"scope": scope, "entity_type": "receipt", "entity_id": item_id, "seq": 1, "version": "1" * 16}
    damage(
        app,
        update(InboxItem).where(THIRD).values(version=TAG),
        insert(FeedScope).values(scope=scope, head=1, floor=0),
        insert(FeedMark).values(stale),
    )
    assert [(finding.check, finding.subject) for finding in findings(app)] == [("receipt-stale", f"scope:{scope}")]


def test_a_purged_mark_is_no_finding(app: Flask, day: None) -> None:
    damage(
        app,
        update(FeedScope).where(FeedScope.scope.startswith("officer:")).values(floor=LOWEST),
        delete(FeedMark).where(FeedMark.entity_type == "case", FeedMark.seq == LOWEST),
    )
    assert findings(app) == []


def test_purged_content_is_no_finding(app: Flask, day: None) -> None:
    damage(app, update(InboxItem).values(body=b"", purged_at=now()))
    assert findings(app) == []


def test_two_effects_of_one_item_are_found(app: Flask, day: None, monkeypatch: pytest.MonkeyPatch) -> None:
    # The tables refuse a second case of one item; its photographs stand in for it.
    monkeypatch.setitem(effects.EFFECTS, "report", Evidence.item_id)
    found = [finding for finding in findings(app) if finding.check == "two-effects"]
    assert [finding.alarm for finding in found] == ["effect_doubled"]


@pytest.mark.parametrize(("left", "check"), [(None, "original-missing"), (b"other bytes", "original-altered")])
def test_an_original_that_is_not_what_it_was_is_found(app: Flask, day: None, left: bytes | None, check: str) -> None:
    with app.app_context():
        key = original_key(NEAR.sha256)
        blobs().delete(key)
        if left is not None:
            blobs().put(key, io.BytesIO(left))
    assert [(finding.check, finding.subject) for finding in findings(app)] == [(check, f"photo:{NEAR.sha256}")]


def test_an_original_that_waits_on_another_machine_is_not_called_lost(app: Flask, day: None) -> None:
    with app.app_context():
        blobs().delete(original_key(NEAR.sha256))
    damage(app, update(Photo).where(Photo.sha256 == NEAR.sha256).values(durability="spooled", node="another machine"))
    assert [finding for finding in findings(app) if finding.alarm == "photo_lost"] == []


def test_a_sample_looks_at_some_originals_without_reading_all(app: Flask, day: None) -> None:
    with app.app_context():
        looked: list[tuple[str, int]] = []
        assert list(audit(all_checks(blobs(), deep=False), lambda *step: looked.append(step))) == []
    assert 0 <= sum(rows for name, rows in looked if name == "originals") <= 2
    assert ("inbox", 3) in looked


def test_a_gap_that_is_a_day_old_is_found_and_a_young_one_is_not(app: Flask, collector: FieldHandset) -> None:
    collector.push(collector.item())
    collector.item()  # recorded, never delivered
    collector.push(collector.item())
    assert findings(app) == []
    damage(app, update(InboxItem).values(received_at=now() - timedelta(days=2)))
    assert [(finding.check, finding.alarm) for finding in findings(app)] == [("gap-old", "item_gap")]


def test_a_photograph_is_overdue_only_if_its_handset_was_in_touch_since(app: Flask, collector: FieldHandset) -> None:
    collector.push(collector.item(payload=report(photo(3))))
    long_ago = now() - timedelta(days=3)
    damage(app, update(Evidence).values(expected_at=long_ago), update(InstallReport).values(seen_at=long_ago))
    assert findings(app) == []
    damage(app, update(InstallReport).values(seen_at=now()))
    assert [(finding.check, finding.alarm) for finding in findings(app)] == [("photo-late", "photo_overdue")]


def test_the_hourly_job_raises_what_is_late(app: Flask, collector: FieldHandset) -> None:
    collector.push(collector.item(payload=report(photo(3))))
    damage(app, update(Evidence).values(expected_at=now() - timedelta(days=3)))
    with app.app_context():
        look_for_late.run()
        (alarm,) = read(open_alarms)
    assert (alarm.name, alarm.subject) == ("photo_overdue", f"install:{collector.enrolled.install_id}")


@pytest.mark.parametrize(("hour_utc", "raised"), [(19, 1), (18, 0), (3, 0)])
def test_the_whole_audit_runs_at_three_in_the_morning_by_the_citys_time(
    app: Flask, day: None, hour_utc: int, raised: int
) -> None:
    damage(app, update(Install).where(COLLECTORS).values(item_sum="f" * 32))
    with app.app_context():
        with clock.use(lambda: datetime(2026, 11, 22, hour_utc, 7, tzinfo=UTC)):
            audit_by_night.run()
        assert [alarm.name for alarm in read(open_alarms)] == ["count_mismatch"] * raised


def test_the_command_tells_and_fails_with_findings_and_passes_without(app: Flask, day: None) -> None:
    runner = app.test_cli_runner()
    sound = runner.invoke(args=["sync", "audit", "--deep"])
    assert (sound.exit_code, "everything balances" in sound.output) == (0, True)
    damage(app, update(Install).where(COLLECTORS).values(item_sum="f" * 32))
    broken = runner.invoke(args=["sync", "audit"])
    assert broken.exit_code == 1
    assert "count_mismatch sum-off install:" in broken.output
