"""The demo city's plan: pure, the same every time, 300 cases in sixty days, each word at its slot."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from server.casework.rules import State
from server.demo.city import plan_city
from server.demo.lives import ENDED, GOING_ON, RECURRING, SLOTS, Life, Word
from server.demo.matters import MATTERS
from server.demo.people import SQUADS, UNIT_LOGINS, UNITS, people
from server.demo.plan import LIVES, ZONE
from server.demo.rounds import DAYS, RoundCase, plan_rounds
from server.demo.town import sample_days

_TODAY = datetime(2026, 11, 22, 13, 5, tzinfo=ZONE)


def round_cases(seed: int) -> dict[int, RoundCase]:
    return {one.case.number: one for event in plan_rounds(seed, _TODAY) for _, one in event.deeds}


def every_life() -> list[Life]:
    return [life for _count, group in (*ENDED, *GOING_ON) for life in group] + [RECURRING]


def test_the_same_seed_plans_the_same_rounds() -> None:
    assert plan_rounds(3, _TODAY) == plan_rounds(3, _TODAY)
    assert plan_rounds(3, _TODAY) != plan_rounds(4, _TODAY)
    assert list(plan_city(3, _TODAY).pictures()) == list(plan_city(3, _TODAY).pictures())


def test_there_are_three_hundred_cases() -> None:
    numbers = set(round_cases(1))
    assert numbers.isdisjoint(range(1, len(LIVES) + 1))
    assert len(numbers) + len(LIVES) == 300


def test_every_state_is_the_end_of_some_life_and_every_word_is_spoken() -> None:
    assert {life.ends for life in every_life()} == set(State)
    assert {word for life in every_life() for _, word in life.words} == set(Word)


@pytest.mark.parametrize("hour", [0, 7, 13, 23])
def test_every_round_lies_in_the_past_sixty_days(hour: int) -> None:
    today = _TODAY.replace(hour=hour)
    for seed in range(5):
        events = plan_rounds(seed, today)
        assert today - timedelta(days=DAYS) < events[0].at
        assert events[-1].at < today
        assert all(one.found_at < event.at for event in events for _, one in event.deeds)


def test_the_words_of_a_case_are_said_in_their_order() -> None:
    said: dict[int, list[Word]] = {}
    for event in plan_rounds(1, _TODAY):
        for word, one in event.deeds:
            said.setdefault(one.case.number, []).append(word)
    lives = {number: [word for _, word in one.life.words] for number, one in round_cases(1).items()}
    assert said == lives
    assert all(0 <= slot < len(SLOTS) for life in every_life() for slot, _ in life.words)


def test_a_twin_is_found_beside_its_main_case_by_somebody_else() -> None:
    cases = round_cases(1)
    twins = [one for one in cases.values() if one.life.twin]
    assert twins
    for twin in twins:
        main = cases[twin.main or 0]
        assert main.case.matter == twin.case.matter
        assert main.case.collector != twin.case.collector
        assert abs(main.case.lon - twin.case.lon) < 0.0002
        assert abs(main.case.lat - twin.case.lat) < 0.0002


def test_every_unit_and_squad_has_one_account() -> None:
    accounts = Counter(person.squad for person in people(1) if person.login in UNIT_LOGINS.values())
    assert accounts == dict.fromkeys([name for name, _ in (*UNITS, *SQUADS)], 1)
    assert {matter.unit for matter in MATTERS} <= {name for name, _ in UNITS}


def test_a_make_up_day_is_worked_and_falls_on_a_weekend() -> None:
    days = sample_days()
    assert len({day.day for day in days}) == len(days)
    assert all(day.day.weekday() >= 5 for day in days if day.workday)
    assert {day.day.year for day in days} == {2027}
