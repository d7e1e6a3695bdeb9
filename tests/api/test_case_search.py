"""The one search box: parts of numbers, places, words and names, within the data scope."""

import pytest
import world
from flask import Flask
from support.crowd import Seen, case_of, seen_by, settled
from support.field import FieldHandset, Item, handset_of
from support.kinds import correction
from support.office import Office


@pytest.fixture
def items(app: Flask, collector: FieldHandset) -> list[Item]:
    """Push three reports and settle them."""
    made = [
        seen_by(collector, Seen(0), description="人民路12号 井盖缺失 100%"),
        seen_by(collector, Seen(500), description="滨河公园 Graffiti 涂鸦"),
        seen_by(collector, Seen(1000), description='引号" OR * 与_下划线'),
    ]
    collector.push(*made)
    settled(app)
    return made


def found(office: Office, asked: str, person: world.Person | None = None) -> list[str]:
    headers = office.headers_of(person or office.city.dispatcher)
    answer = office.app.test_client().get("/api/v1/cases", query_string={"q": asked}, headers=headers)
    assert answer.status_code == 200, answer.text
    return [case["id"] for case in answer.json["cases"]]


@pytest.mark.parametrize(
    ("asked", "hits"),
    [
        ("井盖缺失", [0]),
        ("井盖", [0]),
        ("路12", [0]),
        ("graffiti", [1]),
        ("RAFFIT", [1]),
        ("涂鸦 滨河", [1]),
        ("涂鸦 井盖", []),
        ("100%", [0]),
        ("%", [0]),
        ("0_%", []),
        ("与_下", [2]),
        ('引号"', [2]),
        ('" OR *', [2]),
        ("c001", [0, 1, 2]),
        ("城中街道", [0, 1, 2]),
        ("没有这样的话", []),
        ("   ", [0, 1, 2]),
    ],
)
def test_every_word_must_occur(app: Flask, items: list[Item], office: Office, asked: str, hits: list[int]) -> None:
    assert sorted(found(office, asked)) == sorted(case_of(app, items[hit]) for hit in hits)


def test_a_case_is_found_by_its_number_at_once_and_by_a_part_of_it_when_settled(
    app: Flask, items: list[Item], office: Office
) -> None:
    case_id = case_of(app, items[1])
    number = office.act(case_id, "file")["case_no"]
    assert found(office, number) == [case_id]
    settled(app)
    assert found(office, number[-6:]) == [case_id]


def test_a_search_stays_within_the_scope(app: Flask, items: list[Item], office: Office) -> None:
    street = [case_of(app, item) for item in items]
    town = handset_of(app, office.city, office.city.town_enforcer)
    other = seen_by(town, Seen(5000), description="沙桥 井盖缺失")
    town.push(other)
    settled(app)
    assert found(office, "井盖缺失") == [case_of(app, other), street[0]]
    assert found(office, "井盖缺失", office.city.town_dispatcher) == [case_of(app, other)]


def test_a_corrected_description_is_found_and_the_former_is_not(
    app: Flask, items: list[Item], collector: FieldHandset, office: Office
) -> None:
    collector.push(collector.item("amend", correction(items[0], description="电线杆倾斜")))
    settled(app)
    assert found(office, "电线杆") == [case_of(app, items[0])]
    assert found(office, "井盖缺失") == []


@pytest.mark.parametrize("asked", ["a " * 9, "长" * 101], ids=["words", "letters"])
def test_too_much_to_search_for_is_refused(office: Office, asked: str) -> None:
    headers = office.headers_of(office.city.dispatcher)
    answer = office.app.test_client().get("/api/v1/cases", query_string={"q": asked}, headers=headers)
    assert answer.status_code == 422
    assert "q" in answer.json["errors"]
