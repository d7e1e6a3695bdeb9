"""The schemes that come with the product are whole, say where they come from, and read without a doubt."""

from collections import Counter

import pytest

from server.standards.content import SchemeContent
from server.standards.rules import ALL_CLASSES, ALL_CONDITIONS, LimitStage
from server.standards.shipped import content_from, read_shipped, shipped_names
from server.standards.timing import Clock

GBT, CJT, LOCAL = "gbt30428_2_2013", "cjt214_2007", "chengpu_local"


def content(name: str) -> SchemeContent:
    return content_from(read_shipped(name))


def majors(name: str) -> Counter[str]:
    """Return how many minors each major class has, components with a b before the code."""
    return Counter(code[:-2] for code in content(name).classes)


def test_three_schemes_come_with_the_product() -> None:
    assert shipped_names() == (LOCAL, CJT, GBT)
    for name in shipped_names():
        told = read_shipped(name)
        assert told["scheme"] == name
        assert all(told[member] for member in ("version", "status", "source", "confidence"))


def test_the_scheme_in_use_has_every_class_of_the_observed_table() -> None:
    assert majors(GBT) == {
        "b01": 29,
        "b02": 15,
        "b03": 8,
        "b04": 9,
        "b05": 5,
        "01": 31,
        "02": 7,
        "03": 12,
        "04": 6,
        "05": 8,
        "06": 2,
    }


def test_the_scheme_of_2007_has_every_class_that_was_seen() -> None:
    assert majors(CJT) == {
        "b01": 38,
        "b02": 12,
        "b03": 7,
        "b04": 10,
        "b05": 3,
        "b06": 6,
        "01": 19,
        "02": 5,
        "03": 6,
        "04": 10,
        "05": 14,
    }


def test_the_same_code_means_another_class_in_the_other_scheme() -> None:
    ours, old = content(GBT).classes, content(CJT).classes
    assert (ours["0401"].name, old["0401"].name) == ("无照经营游商", "路面塌陷")
    assert (ours["b0114"].name, old["b0114"].name) == ("园林井盖", "无主井盖")


def test_a_citys_own_minors_count_down_from_99() -> None:
    assert sorted(one.minor_code for one in content(LOCAL).classes.values()) == [str(code) for code in range(90, 100)]


def test_the_most_frequent_minors_have_three_to_five_conditions() -> None:
    counts = [len(conditions) for conditions in content(GBT).conditions.values()]
    assert len(counts) >= 40
    assert set(counts) <= {3, 4, 5}


def test_the_limits_use_all_four_clocks_and_one_season() -> None:
    scheme = content(GBT)
    assert {written.limit.clock for limits in scheme.limits.values() for written in limits.values()} == set(Clock)
    assert any(one.season for conditions in scheme.conditions.values() for one in conditions)


@pytest.mark.parametrize("name", [GBT, CJT, LOCAL])
def test_every_condition_has_a_closing_condition_a_limit_and_a_unit(name: str) -> None:
    scheme = content(name)
    for code, conditions in scheme.conditions.items():
        for one in conditions:
            assert one.filing_condition, code
            assert one.closing_condition, code
            assert one.disposing_unit or one.supervising_unit, code
            assert scheme.limit_of(code, one.no, LimitStage.DISPOSAL), code
        told = [(one.filing_condition, one.season) for one in conditions]
        assert len(told) == len(set(told)), code


@pytest.mark.parametrize("name", [GBT, CJT, LOCAL])
def test_every_stage_has_a_limit_for_all_classes(name: str) -> None:
    limits = content(name).limits[ALL_CLASSES, ALL_CONDITIONS]
    assert {stage.value: str(written.limit) for stage, written in limits.items()} == {
        "acceptance": "0.25 emergency_hour",
        "verification": "2 emergency_hour",
        "dispatch": "0.25 emergency_hour",
        "disposal": "1 work_day",
        "check": "2 emergency_hour",
    }
