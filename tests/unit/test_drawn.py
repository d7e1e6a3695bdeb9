"""Drawn street scenes: repeatable, different, and like a phone's photos in weight and claims."""

import hashlib
import io
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from photo_store.drawn import Phase, Scene, Shot, draw
from photo_store.inspect_image import ImageFacts, ImageLimits, inspect
from photo_store.likeness import PERHAPS_SAME_PLACE, distance, likeness_of

TAKEN_AT = datetime(2026, 11, 22, 8, 31, 2, tzinfo=timezone(timedelta(hours=8)))
SMALL = (400, 300)


def shoot(scene: Scene | str = Scene.EXPOSED_RUBBISH, seed: int = 7, **how: Any) -> bytes:  # noqa: ANN401  # any argument of draw
    return draw(scene, seed, **{"taken_at": TAKEN_AT, "lon": 123.5012345, "lat": 30.4901234, "size": SMALL, **how})


def facts(content: bytes) -> ImageFacts:
    return inspect(io.BytesIO(content), ImageLimits())


def pixels(content: bytes) -> np.ndarray[Any, np.dtype[np.int16]]:
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    return np.asarray(upright.convert("RGB").reduce(4), dtype=np.int16)


def difference(one: bytes, other: bytes) -> float:
    """Share of the picture that differs clearly; grain does not count."""
    return float((np.abs(pixels(one) - pixels(other)).max(axis=2) > 24).mean())


def test_the_same_arguments_give_the_same_bytes() -> None:
    first = shoot()
    shoot(Scene.FALLEN_TREE, 8, shot="reference")
    assert shoot() == first


def digest(seed: int) -> str:
    return hashlib.sha256(shoot(seed=seed)).hexdigest()


def test_another_process_draws_the_same_bytes() -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as elsewhere:
        assert elsewhere.submit(digest, 7).result() == digest(7)


@pytest.mark.parametrize("shot", Shot)
def test_before_and_after_show_one_street_from_two_places(shot: Shot) -> None:
    before, after = (shoot(Scene.ROAD_DAMAGE, shot=shot, phase=phase) for phase in Phase)
    strangers = [shoot(Scene.ROAD_DAMAGE, shot=shot, phase=Phase.AFTER, seed=seed) for seed in range(900, 904)]
    assert common_colours(before, after) > max(common_colours(before, stranger) for stranger in strangers)
    assert distance(likeness_of(seen(before)).bits, likeness_of(seen(after)).bits) > PERHAPS_SAME_PLACE


def common_colours(one: bytes, other: bytes) -> float:
    """Return which share of the pixels two pictures have in the same of 4096 colours."""
    counts = [np.histogramdd(pixels(each).reshape(-1, 3), bins=16, range=[(0, 256)] * 3)[0] for each in (one, other)]
    return float(np.minimum(*counts).sum() / counts[0].sum())


def seen(photo: bytes) -> Image.Image:
    with Image.open(io.BytesIO(photo)) as picture:
        return picture.convert("RGB")


@pytest.mark.parametrize("scene", Scene)
def test_before_shows_a_problem_that_after_does_not(scene: Scene) -> None:
    changed = difference(shoot(scene, shot="near"), shoot(scene, shot="near", phase=Phase.AFTER))
    assert 0.02 < changed < 0.8


def test_other_seeds_show_other_streets() -> None:
    streets = [shoot(seed=seed, phase="after") for seed in range(4)]
    for index, one in enumerate(streets):
        for other in streets[index + 1 :]:
            assert difference(one, other) > 0.25


def test_after_shots_of_two_problems_in_one_street_show_one_street() -> None:
    one = shoot(Scene.EXPOSED_RUBBISH, phase="after", shot="reference")
    other = shoot(Scene.OUT_OF_SHOP_TRADING, phase="after", shot="reference")
    assert difference(one, other) == 0


def test_near_far_and_reference_are_three_views() -> None:
    near, far, reference = (shoot(shot=shot) for shot in Shot)
    assert min(difference(near, far), difference(far, reference), difference(near, reference)) > 0.25


@pytest.mark.parametrize(
    ("scene", "shot"), [("exposed_rubbish", "near"), ("small_ads", "far"), ("waterlogging", "far")]
)
def test_a_two_megapixel_photo_weighs_what_a_phones_does(scene: str, shot: str) -> None:
    assert 330_000 < len(shoot(scene, 3, size=(1600, 1200), shot=shot)) < 470_000


def test_a_twelve_megapixel_photo_is_one() -> None:
    content = shoot(size=(4000, 3000))
    assert (facts(content).width, facts(content).height) == (4000, 3000)
    assert len(content) > 1_500_000


def test_exif_claims_time_place_and_device() -> None:
    seen = facts(shoot(device="Acme Field 3"))
    assert seen.taken_at == "2026-11-22T08:31:02+08:00"
    assert seen.lon == pytest.approx(123.5012345, abs=1e-7)
    assert seen.lat == pytest.approx(30.4901234, abs=1e-7)
    assert (seen.make, seen.model) == ("Acme", "Field 3")


def test_a_time_without_zone_claims_none_and_the_south_west_is_negative() -> None:
    seen = facts(shoot(taken_at=TAKEN_AT.replace(tzinfo=None), lon=-70.25, lat=-33.5))
    assert seen.taken_at == "2026-11-22T08:31:02"
    assert (seen.lon, seen.lat) == (-70.25, -33.5)
    assert facts(shoot(taken_at=TAKEN_AT.astimezone(UTC))).taken_at == "2026-11-22T00:31:02+00:00"


@pytest.mark.parametrize("orientation", [2, 3, 6, 8])
def test_a_turned_sensor_shows_the_same_picture_upright(orientation: int) -> None:
    turned = shoot(orientation=orientation)
    assert facts(turned).orientation == orientation
    assert (facts(turned).width > facts(turned).height) == (orientation < 5)
    assert difference(turned, shoot()) < 0.01


@pytest.mark.parametrize("wrong", [{"scene": "volcano"}, {"phase": "later"}, {"shot": "moon"}])
def test_what_does_not_exist_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="is not a valid"):
        shoot(**wrong)  # type: ignore[arg-type]  # wrong on purpose
