"""Every flag of a photograph: a case that deserves it, and one that only nearly does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from server.evidence.flag_rules import FAR_M, FlagKind, Place, Shot, Surroundings, Twin, flags_for, metres_between

MOMENT = datetime(2026, 11, 22, 0, 31, tzinfo=UTC)
CASE, OTHER, THIRD = (("case", UUID(int=number)) for number in range(1, 4))
HERE = Place(121.113, 31.4575, 6.0)
CAMERA = {"make": "Huawei", "model": "P60", "width": 4000, "height": 3000}
BEFORE = Shot(CASE, "report", "near", "camera", "exact", MOMENT, HERE, CAMERA)
AFTER = replace(BEFORE, stage="disposal", role="after", at=MOMENT + timedelta(hours=3))
ALONE = Surroundings(HERE)


def raised(shot: Shot, around: Surroundings = ALONE) -> dict[str, dict[str, Any]]:
    return {flag.kind: flag.facts for flag in flags_for(shot, around)}


def with_facts(shot: Shot, **facts: object) -> Shot:
    return replace(shot, facts=shot.facts | facts)


def east_of(place: Place, metres: float) -> Place:
    degree = metres_between(Place(place.lon, place.lat), Place(place.lon + 1, place.lat))
    return Place(place.lon + metres / degree, place.lat, place.accuracy_m)


def test_an_ordinary_photograph_has_no_flag() -> None:
    assert raised(BEFORE) == {}
    assert raised(AFTER, Surroundings(HERE, befores=[BEFORE])) == {}


def test_what_is_not_known_raises_nothing() -> None:
    assert raised(Shot(CASE, "report"), Surroundings()) == {}
    assert raised(Shot(CASE, "disposal"), Surroundings(HERE, befores=[Shot(CASE, "report")])) == {}


def test_the_picture_of_another_case_is_flagged_with_its_distance() -> None:
    twins = [Twin(OTHER, "report", 12, same_file=False), Twin(OTHER, "check", 0, same_file=True)]
    found = raised(BEFORE, Surroundings(HERE, same=[*twins, Twin(THIRD, "report", 31, same_file=False)]))
    assert found == {"same_picture": {"cases": 2, "own_case": False, "distance": 0, "same_file": True}}


def test_an_after_photograph_that_is_the_before_photograph_is_flagged() -> None:
    found = raised(AFTER, Surroundings(HERE, same=[Twin(CASE, "report", 3, same_file=False)]))
    assert found == {"same_picture": {"cases": 0, "own_case": True, "distance": 3, "same_file": False}}


def test_the_before_photograph_is_not_flagged_for_its_own_after_photograph_nor_for_a_burst() -> None:
    same = [Twin(CASE, "disposal", 3, same_file=False), Twin(CASE, "report", 0, same_file=True)]
    assert raised(BEFORE, Surroundings(HERE, same=same)) == {}


def test_before_and_after_from_one_standpoint_are_no_reuse_of_each_other() -> None:
    assert raised(AFTER, Surroundings(HERE, perhaps_same_place=[Twin(CASE, "report", 40, same_file=False)])) == {}


def test_perhaps_the_same_place_on_another_case_is_a_hint() -> None:
    found = raised(BEFORE, Surroundings(HERE, perhaps_same_place=[Twin(OTHER, "report", 40, same_file=False)]))
    assert found == {"similar_place": {"cases": 1, "distance": 40}}


def test_an_after_photograph_older_than_all_before_it_is_flagged_by_our_clock() -> None:
    older = replace(AFTER, at=MOMENT - timedelta(minutes=3))
    found = raised(older, Surroundings(HERE, befores=[BEFORE, replace(BEFORE, at=MOMENT + timedelta(days=1))]))
    assert found[FlagKind.AFTER_OLDER] == {
        "by": "clock",
        "after": "2026-11-22T00:28:00+00:00",
        "before": "2026-11-22T00:31:00+00:00",
    }


@pytest.mark.parametrize(
    ("after", "before"),
    [
        (replace(AFTER, at=MOMENT - timedelta(minutes=2)), BEFORE),
        (replace(AFTER, at=MOMENT - timedelta(days=1), certainty="unknown"), BEFORE),
        (replace(AFTER, at=MOMENT - timedelta(days=1)), replace(BEFORE, certainty=None)),
        (replace(BEFORE, at=MOMENT - timedelta(days=1)), BEFORE),
    ],
    ids=["within two minutes", "clock not trusted", "clock of the other not known", "both reported"],
)
def test_what_is_not_surely_older_is_not_flagged_as_older(after: Shot, before: Shot) -> None:
    assert FlagKind.AFTER_OLDER not in raised(after, Surroundings(HERE, befores=[before]))


def test_an_older_exif_time_is_flagged_where_the_clocks_say_nothing() -> None:
    before = with_facts(BEFORE, taken_at="2026-11-22T08:31:02")
    after = with_facts(AFTER, taken_at="2026-11-01T10:00:00")
    found = raised(after, Surroundings(HERE, befores=[before]))
    assert found[FlagKind.AFTER_OLDER]["by"] == "exif"
    assert found[FlagKind.AFTER_OLDER]["after"] == "2026-11-01T10:00:00"


@pytest.mark.parametrize("taken_at", ["2026-11-01T10:00:00+08:00", "yesterday", None])
def test_exif_times_that_cannot_be_compared_are_not_flagged(taken_at: str | None) -> None:
    before = with_facts(BEFORE, taken_at="2026-11-22T08:31:02")
    assert raised(with_facts(AFTER, taken_at=taken_at), Surroundings(HERE, befores=[before])) == {}


def test_a_fix_far_from_the_case_is_flagged() -> None:
    found = raised(replace(BEFORE, fix=east_of(HERE, FAR_M + 13)))
    assert found == {"far_from_case": {"by": "fix", "metres": 513, "limit_m": 512}}


def test_a_fix_as_far_as_measuring_can_err_is_not_flagged() -> None:
    assert raised(replace(BEFORE, fix=east_of(HERE, FAR_M + 11))) == {}


def test_a_place_in_the_file_far_from_the_case_is_flagged() -> None:
    found = raised(with_facts(BEFORE, lon=121.2, lat=31.4575))
    assert found["far_from_case"]["by"] == "exif"
    assert found["far_from_case"]["metres"] == pytest.approx(8_254, abs=20)


@pytest.mark.parametrize(("lon", "lat"), [(0.0, 0.0), (None, None), (121.113, 31.4575)])
def test_a_file_without_a_place_or_at_the_case_is_not_flagged(lon: float | None, lat: float | None) -> None:
    assert raised(with_facts(BEFORE, lon=lon, lat=lat)) == {}


def test_a_case_without_a_comparable_place_flags_no_distance() -> None:
    assert raised(replace(BEFORE, fix=east_of(HERE, 9_000)), Surroundings()) == {}


def test_a_thumbnail_of_something_else_is_flagged_and_a_blurred_one_is_not() -> None:
    assert raised(replace(BEFORE, embedded=51)) == {"embedded_thumbnail_differs": {"distance": 51}}
    assert raised(replace(BEFORE, embedded=50)) == {}


@pytest.mark.parametrize(("width", "height"), [(1080, 2400), (2400, 1080), (1170, 2532), (1366, 768)])
def test_a_picture_without_a_camera_in_the_size_of_a_screen_is_flagged(width: int, height: int) -> None:
    screen = replace(BEFORE, facts={"width": width, "height": height})
    assert raised(screen) == {"screenshot_like": {"by": "size", "width": width, "height": height}}


@pytest.mark.parametrize(
    "facts",
    [
        {"width": 1080, "height": 2400, "model": "P60"},
        {"width": 1080, "height": 1920},
        {"width": 1440, "height": 1080},
        {"width": 1000, "height": 2400},
        {"width": 768, "height": 1366},
        {},
    ],
    ids=["a camera", "16:9 like film", "4:3", "no screen's width", "an upright desktop", "nothing known"],
)
def test_a_picture_that_a_camera_may_have_taken_is_not_flagged(facts: dict[str, object]) -> None:
    assert raised(replace(BEFORE, facts=facts)) == {}


def test_a_file_that_names_an_editing_program_is_flagged() -> None:
    found = raised(with_facts(BEFORE, software="Adobe Photoshop 25.0 (Windows)"))
    assert found == {"screenshot_like": {"by": "software", "software": "Adobe Photoshop 25.0 (Windows)"}}
    assert raised(with_facts(BEFORE, software="ALN-AL00 4.2.0.130(C00E120R8P5)")) == {}


def test_a_picture_from_the_album_is_flagged_and_one_from_the_camera_is_not() -> None:
    assert raised(replace(BEFORE, source="gallery")) == {"from_gallery": {}}
    assert raised(replace(BEFORE, source=None)) == {}


@pytest.mark.parametrize("certainty", ["contradicted", "unknown"])
def test_a_time_that_cannot_be_told_is_flagged(certainty: str) -> None:
    assert raised(replace(BEFORE, certainty=certainty)) == {"clock_uncertain": {"certainty": certainty}}
    assert raised(replace(BEFORE, certainty="estimated")) == {}


def test_the_strongest_flag_comes_first() -> None:
    odd = replace(BEFORE, source="gallery", certainty="unknown", embedded=99)
    around = Surroundings(HERE, same=[Twin(OTHER, "report", 1, same_file=False)])
    assert list(raised(odd, around)) == [
        "same_picture",
        "embedded_thumbnail_differs",
        "from_gallery",
        "clock_uncertain",
    ]
