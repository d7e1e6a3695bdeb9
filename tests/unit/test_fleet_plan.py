"""The fleet's plan and its network trouble: pure by seed, and as large as ordered."""

from collections import Counter
from dataclasses import replace

from sync.fleet import Category, Orders, plan_day
from sync.fleet.network import USUAL_RATES, Fault, plan_trouble
from sync.fleet.plan import Duty, is_offline, plan_after_shots, plan_check_shots

CATEGORIES = (Category("s", "0101", "暴露垃圾", "rubbish"), Category("s", "0102", "流动摊点", "stall"))
ORDERS = Orders(handsets=20, hours=8, reports=6, photos=3, seed=7, categories=CATEGORIES)


def test_the_same_seed_plans_the_same_day() -> None:
    assert plan_day(ORDERS) == plan_day(ORDERS)


def test_another_seed_plans_another_day() -> None:
    assert plan_day(ORDERS) != plan_day(replace(ORDERS, seed=8))


def test_another_handset_leaves_the_others_days_as_they_were() -> None:
    longer = plan_day(replace(ORDERS, handsets=21, seed=7))
    assert [plan for plan in plan_day(ORDERS) if plan.duty is Duty.COLLECTOR] == list(longer[:13])


def test_two_thirds_report_and_the_rest_dispose() -> None:
    duties = Counter(plan.duty for plan in plan_day(ORDERS))
    assert duties == {Duty.COLLECTOR: 13, Duty.SQUAD: 7}


def test_every_collector_records_what_was_ordered() -> None:
    for plan in plan_day(ORDERS)[:13]:
        assert len(plan.reports) == 6
        assert all([shot.role for shot in report.shots] == ["near", "far", "before"] for report in plan.reports)


def test_nothing_is_sent_while_offline_but_work_goes_on() -> None:
    plans = plan_day(ORDERS)
    assert all(not is_offline(plan.offline, at) for plan in plans for at in plan.syncs)
    assert any(is_offline(plan.offline, report.at) for plan in plans for report in plan.reports)


def test_everybody_goes_offline_and_comes_back() -> None:
    for plan in plan_day(ORDERS):
        start, end = plan.offline[-1]
        assert start < end < 8 * 3600
        assert any(at >= end for at in plan.syncs)


def test_about_one_photo_in_twenty_is_large() -> None:
    plans = plan_day(replace(ORDERS, handsets=200))
    shots = [shot for plan in plans for report in plan.reports for shot in report.shots]
    large = sum(shot.size == (4000, 3000) for shot in shots)
    assert 0.03 < large / len(shots) < 0.07


def test_shots_of_one_report_show_one_place_and_others_another() -> None:
    reports = [report for plan in plan_day(ORDERS) for report in plan.reports]
    places = {report.shots[0].scene_seed for report in reports}
    assert len(places) == len(reports)
    assert all(len({shot.scene_seed for shot in report.shots}) == 1 for report in reports)


def test_tasks_are_photographed_the_same_way_whoever_asks() -> None:
    assert plan_after_shots(7, "t1") == plan_after_shots(7, "t1")
    assert {len(plan_after_shots(7, f"t{n}")) for n in range(20)} == {1, 2}
    checks = [plan_check_shots(7, f"t{nth}") for nth in range(60)]
    assert {shot.role for shots in checks for shot in shots} == {"check"}
    assert {len(shots) for shots in checks} == {0, 1}


def test_trouble_is_a_function_of_seed_handset_and_request() -> None:
    first = [plan_trouble(7, 1, n) for n in range(50)]
    assert first == [plan_trouble(7, 1, n) for n in range(50)]
    assert first != [plan_trouble(7, 2, n) for n in range(50)]
    assert first != [plan_trouble(8, 1, n) for n in range(50)]


def test_every_kind_of_trouble_comes_at_about_its_rate() -> None:
    met = Counter(plan_trouble(7, 1, n).fault for n in range(5000))
    for fault, rate in USUAL_RATES.items():
        assert abs(met[fault] / 5000 - rate) < 0.02
    assert met[Fault.NONE] / 5000 > 0.6
