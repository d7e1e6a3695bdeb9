"""The 256 bits of how a picture looks: imagehash's own, close under what happens to photographs on their way."""

import io
from collections.abc import Callable
from datetime import UTC, datetime

import imagehash
import pytest
from PIL import Image, ImageDraw, ImageEnhance

from photo_store.drawn import Scene, draw
from photo_store.likeness import SAME, Likeness, distance, distances, likeness_of, same_among

TAKEN_AT = datetime(2026, 11, 22, 0, 31, 2, tzinfo=UTC)


def drawn(seed: int, scene: Scene = Scene.EXPOSED_RUBBISH) -> Image.Image:
    return Image.open(io.BytesIO(draw(scene, seed, taken_at=TAKEN_AT, lon=123.5, lat=30.5, size=(640, 480)))).convert(
        "RGB"
    )


def again(picture: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def stamped(picture: Image.Image) -> Image.Image:
    marked = picture.copy()
    ImageDraw.Draw(marked).text((8, picture.height - 20), "2026-11-22 08:31:02", fill="white")
    return marked


def cropped(picture: Image.Image) -> Image.Image:
    across, down = round(picture.width * 0.005), round(picture.height * 0.005)
    return picture.crop((across, down, picture.width - across, picture.height - down))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("scene", list(Scene)[:3])
def test_the_bits_are_those_of_imagehash(scene: Scene, seed: int) -> None:
    picture = drawn(seed, scene)
    reference = bytes.fromhex(str(imagehash.phash(picture, hash_size=16)))
    assert likeness_of(picture).bits == reference


@pytest.mark.parametrize(
    "edit",
    [
        lambda picture: again(picture, 20),
        lambda picture: picture.resize((320, 240)),
        lambda picture: ImageEnhance.Brightness(picture).enhance(1.2),
        lambda picture: ImageEnhance.Contrast(picture).enhance(1.2),
        stamped,
        cropped,
        lambda picture: picture.convert("L"),
    ],
)
def test_the_same_picture_edited_stays_the_same(edit: Callable[[Image.Image], Image.Image]) -> None:
    picture = drawn(7)
    assert distance(likeness_of(picture).bits, likeness_of(edit(picture)).bits) <= SAME


def test_another_street_is_another_picture() -> None:
    assert distance(likeness_of(drawn(1)).bits, likeness_of(drawn(2)).bits) > SAME


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("RGB", (320, 240), "grey"),
        again(Image.new("RGB", (320, 240), "white"), 60),
        Image.linear_gradient("L").resize((320, 240)),
        again(Image.effect_noise((320, 240), 4.0).convert("RGB"), 60),
    ],
    ids=["grey", "white", "gradient", "noise"],
)
def test_a_picture_without_content_is_flat(picture: Image.Image) -> None:
    assert likeness_of(picture).flat


def test_a_street_is_not_flat() -> None:
    assert not any(likeness_of(drawn(seed)).flat for seed in range(5))


def test_a_dark_street_is_not_flat() -> None:
    assert not likeness_of(ImageEnhance.Brightness(drawn(3)).enhance(0.25)).flat


def test_distances_of_many_are_those_of_each() -> None:
    found = [likeness_of(drawn(seed)).bits for seed in range(4)]
    assert distances(found[0], found) == [distance(found[0], other) for other in found]
    assert distances(found[0], []) == []


def test_among_many_only_the_same_picture_is_found_each_look_once() -> None:
    mine, near, far = bytes(32), b"\xff\xff\xff\xfe" + bytes(28), b"\xff" * 4 + bytes(28)
    assert same_among(mine, far + near + mine + near) == {near: SAME, mine: 0}
    assert same_among(mine, far) == {}


def test_the_smallest_picture_has_a_likeness() -> None:
    assert likeness_of(Image.new("1", (1, 1))) == likeness_of(Image.new("L", (3, 9)))
    assert isinstance(likeness_of(Image.new("P", (2, 2))), Likeness)
