"""Offline scenarios of officers and their clocks (domain.md 4.9, numbers 7, 9, 10): whose word it is, and of when.

Against the running server, with the reference handset.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from support.scenarios import FieldClock, Town, case_of, outcomes, problem_of

from server.casework.models import Case
from server.db import read
from sync.handset import Handset, Refused
from sync.handset.outbox import Author, captured_at

_HOUR = timedelta(hours=1)
_A_MOMENT = timedelta(seconds=10)


def time_of(town: Town, case_id: str) -> tuple[datetime | None, str]:
    """Return when a case was captured by the server's clock, and how certain that is."""
    wanted = select(Case.captured_at_corrected, Case.captured_certainty).where(Case.id == UUID(case_id))
    with town.app.app_context():
        row = read(lambda session: session.execute(wanted).one())
    return row.captured_at_corrected, row.captured_certainty


def reported_at(handset: Handset, town: Town, clock: FieldClock, ago: timedelta) -> tuple[str, datetime]:
    """Report something so long ago; return the item and the true time."""
    clock.ago = ago
    return handset.record("report", town.found()), clock.moment()


@pytest.mark.parametrize(
    ("error", "advice"),
    [(-3 * _HOUR, "clock_slow"), (timedelta(days=365), "clock_fast")],
    ids=["three hours slow", "next year"],
)
def test_a_wrong_clock_is_set_right_by_the_counter_and_no_deadline_follows_it(
    town: Town, error: timedelta, advice: str
) -> None:
    """Scenario 7: the clock is wrong all the time."""
    clock = FieldClock(error=error)
    handset = town.handset(town.officer(), clock)
    item_id, truly = reported_at(handset, town, clock, 2 * _HOUR)
    clock.ago = timedelta()
    before = datetime.now(UTC)
    handset.sync()
    assert handset.standing().clock_advice == advice
    case_id = case_of(handset, item_id)
    corrected, certainty = time_of(town, case_id)
    assert certainty == "exact"
    assert corrected is not None
    assert abs(corrected - truly) < _A_MOMENT
    case = town.case(case_id)
    claimed = datetime.fromisoformat(case["captured_at"])
    assert abs(claimed - (truly + error)) < _A_MOMENT, "what the clock showed is kept beside it"
    (acceptance,) = case["clocks"]
    assert before <= datetime.fromisoformat(acceptance["started_at"]) <= datetime.now(UTC)


def test_a_clock_that_is_set_during_the_shift_changes_no_time_within_a_boot(town: Town) -> None:
    """Scenario 7: three hours slow in the morning, right at noon, and the handset was not switched off."""
    clock = FieldClock(error=-3 * _HOUR)
    handset = town.handset(town.officer(), clock)
    morning = reported_at(handset, town, clock, 4 * _HOUR)
    clock.error = timedelta()
    noon = reported_at(handset, town, clock, 2 * _HOUR)
    clock.ago = timedelta()
    handset.sync()
    for item_id, truly in (morning, noon):
        corrected, certainty = time_of(town, case_of(handset, item_id))
        assert certainty == "exact"
        assert corrected is not None
        assert abs(corrected - truly) < _A_MOMENT


def test_a_time_from_before_a_reboot_is_an_estimate_and_an_impossible_one_says_so(town: Town) -> None:
    """Scenario 7: the clock was set and the handset switched off in between, so nothing can set it right."""
    clock = FieldClock(error=-3 * _HOUR)
    handset = town.handset(town.officer(), clock)
    slow, slow_truly = reported_at(handset, town, clock, 5 * _HOUR)
    clock.error = 3 * _HOUR
    ahead, _ = reported_at(handset, town, clock, 2 * _HOUR)
    clock.error = timedelta()
    clock.reboot()
    right, right_truly = reported_at(handset, town, clock, _HOUR)
    clock.ago = timedelta()
    handset.sync()
    estimated, certainty = time_of(town, case_of(handset, slow))
    assert certainty == "estimated"
    assert estimated is not None
    assert abs(estimated - (slow_truly - 3 * _HOUR)) < _A_MOMENT
    assert time_of(town, case_of(handset, ahead))[1] == "contradicted", "it would lie in the future"
    corrected, certainty = time_of(town, case_of(handset, right))
    assert certainty == "exact"
    assert corrected is not None
    assert abs(corrected - right_truly) < _A_MOMENT


def test_a_satellite_time_that_disagrees_is_kept_as_it_came_and_decides_nothing(town: Town) -> None:
    """Scenario 7: the receiver says another time than the clock; a person can read both."""
    clock = FieldClock(ago=_HOUR)
    handset = town.handset(town.officer(), FieldClock())
    truly = clock.moment()
    item_id = recorded_with_satellite_time(handset, town, clock, truly + timedelta(days=2))
    handset.sync()
    assert outcomes(handset) == ["applied"]
    told: dict[str, Any] = json.loads(town.stored(handset)[item_id])["captured"]
    assert datetime.fromisoformat(told["gnss_time"]) - datetime.fromisoformat(told["wall"]) > timedelta(days=1)
    corrected, _certainty = time_of(town, case_of(handset, item_id))
    assert corrected is not None
    assert abs(corrected - truly) < _A_MOMENT


def recorded_with_satellite_time(handset: Handset, town: Town, clock: FieldClock, told: datetime) -> str:
    """Record a report as a client with a receiver does; the reference handset has none."""
    device, officer = handset._device, handset.officer["id"]  # noqa: SLF001 (what such a client has at hand)
    key = handset._officers.key(officer)  # noqa: SLF001 (the same)
    author = Author(handset.install_id, officer, key)
    captured = captured_at(clock.read(), told.isoformat())
    payload = {**town.found(), "photos": []}
    with device.store.transaction():
        return handset.outbox.append(author, "report", payload, captured, max_bytes=100_000).id


def test_a_handset_that_changed_hands_delivers_what_the_first_officer_had_not_sent(town: Town) -> None:
    """Scenario 9: the takeover happens without signal, between two shifts."""
    first, second, clock = town.officer(), town.officer(), FieldClock()
    handset = town.handset(first, clock)
    handset.enrol_officer(town.code(second))
    handset.switch_officer(str(first.id))
    handset.sync()
    town.age(handset, hours=24)
    clock.ago = 8 * _HOUR
    early = [handset.record("report", town.found(), [town.snap(nth)]) for nth in range(2)]
    # Somebody signs in the first one's name after the handover.
    borrowed = handset.record("report", town.found(), at=FieldClock(_HOUR, booted_at=clock.booted_at).read())
    clock.ago = 4 * _HOUR
    handset.switch_officer(str(second.id))
    clock.ago = 3 * _HOUR
    late = handset.record("report", town.found())
    clock.ago = timedelta()
    tally = handset.sync()
    assert (tally.photos, len(tally.told), handset.outbox.unsent_count()) == (2, 1, 0)
    reporters = {item_id: town.case(case_of(handset, item_id))["reporter_id"] for item_id in (*early, late)}
    assert reporters == {early[0]: str(first.id), early[1]: str(first.id), late: str(second.id)}
    assert (handset.outbox.item(borrowed).state, problem_of(handset, borrowed)) == ("quarantined", "foreign-officer")
    assert cases_shown(handset) == {case_of(handset, late)}, "the mirror is the second officer's"
    handset.switch_officer(str(first.id))
    handset.sync()
    assert cases_shown(handset) == {case_of(handset, item_id) for item_id in early}


def cases_shown(handset: Handset) -> set[str]:
    return {case["case_id"] for case in handset.mirror.entities("case")}


@pytest.mark.parametrize("reboots", [False, True], ids=["exact times", "estimated times"])
def test_what_was_recorded_before_an_account_was_closed_counts_and_what_came_after_waits_for_a_person(
    town: Town, *, reboots: bool
) -> None:
    """Scenario 10: the account was closed five hours ago, the handset was away for eight."""
    officer, clock = town.officer(), FieldClock()
    handset = town.handset(officer, clock)
    handset.sync()
    town.age(handset, hours=19)
    town.ask("POST", f"/officers/{officer.id}/deactivate", town.city.admin)
    town.age(handset, hours=5)
    before, _ = reported_at(handset, town, clock, 8 * _HOUR)
    after, _ = reported_at(handset, town, clock, 2 * _HOUR)
    clock.ago = timedelta()
    if reboots:
        clock.reboot()
    with pytest.raises(Refused) as refusal:
        handset.sync()
    assert (refusal.value.slug, handset.is_wiped) == ("handset-revoked", True)
    assert handset.outbox.unsent_count() == 0, "everything was stored"
    assert outcomes(handset) == ["applied", "quarantined"]
    assert time_of(town, case_of(handset, before))[1] == ("estimated" if reboots else "exact")
    held = town.ask("GET", "/quarantine?limit=200", town.city.admin)["items"]
    assert after in {item["id"] for item in held}
    town.ask("POST", f"/officers/{officer.id}/reactivate", town.city.admin)
    again, _ = reported_at(handset, town, clock, timedelta())
    handset.push()
    assert handset.outbox.item(again).state == "applied", "an account that is open again counts again"
