"""The structure of a HEIC: size, how it lies, its claims, and every way in which it can lie."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.heic import heic

from photo_store.inspect_image import ImageFacts, ImageLimits, NotAnImage, PhotoTooLarge, inspect

PICTURE = Image.linear_gradient("L").resize((96, 64)).convert("RGB")


def claims() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Huawei", "P60"
    exif.get_ifd(0x8769)[0x9003] = "2026:11:22 08:31:02"
    exif.get_ifd(0x8825).update({1: "N", 2: (30.0, 29.0, 24.0), 3: "E", 4: (123.0, 30.0, 36.0)})
    return exif


CONTENT = heic(PICTURE, 6, exif=claims())


def look(content: bytes) -> ImageFacts:
    return inspect(io.BytesIO(content), ImageLimits())


def changed(kind: bytes, at: int, value: bytes, content: bytes = CONTENT) -> bytes:
    """Overwrite ``value`` at ``at`` bytes into the payload of the first box of a kind."""
    place = content.index(kind) + 4 + at
    return content[:place] + value + content[place + len(value) :]


def test_size_type_and_claims_are_read_without_decoding() -> None:
    facts = look(CONTENT)
    assert (facts.media_type, facts.size, facts.width, facts.height) == ("image/heic", len(CONTENT), 96, 64)
    assert (facts.orientation, facts.make, facts.model) == (6, "Huawei", "P60")
    assert (facts.taken_at, facts.lat, facts.lon) == ("2026-11-22T08:31:02", 30.49, 123.51)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_how_it_lies_is_told_as_an_exif_orientation(orientation: int) -> None:
    assert look(heic(PICTURE, orientation)).orientation == orientation


def test_the_exif_orientation_alone_turns_nothing() -> None:
    assert look(heic(PICTURE, 6).replace(b"irot", b"free")).orientation == 1


def test_a_grid_has_the_size_of_its_whole() -> None:
    facts = look(heic(PICTURE.resize((640, 400)), tile=128))
    assert (facts.width, facts.height) == (640, 400)


@pytest.mark.parametrize(("width", "height"), [(16_385, 10), (10, 16_385), (8000, 6251), (2**32 - 1, 2**32 - 1)])
def test_too_many_pixels_are_refused_by_the_header(width: int, height: int) -> None:
    with pytest.raises(PhotoTooLarge, match="pixels"):
        look(changed(b"ispe", 4, struct.pack(">II", width, height)))


def test_a_tile_that_is_too_large_is_refused_like_the_whole() -> None:
    content = heic(PICTURE.resize((640, 400)), tile=128)
    tile = struct.pack(">II", 128, 128)
    assert tile in content
    with pytest.raises(PhotoTooLarge, match="pixels"):
        look(content.replace(tile, struct.pack(">II", 20_000, 20_000)))


@pytest.mark.parametrize(
    ("kind", "at", "value", "named"),
    [
        (b"ispe", 4, bytes(8), "empty picture"),
        (b"ispe", -4, b"free", "declare the size"),
        (b"pixi", 4, b"\xff", "channels"),
        (b"pixi", 5, b"\x40", "channels"),
        (b"pitm", 4, b"\xff\xff", "one picture"),
        (b"pitm", -4, b"free", "one picture"),
        (b"infe", 8, b"av01", "AVIF"),
        (b"infe", 8, b"jpeg", "one picture"),
        (b"iprp", -8, b"\xff\xff\xff\xff", "impossible length"),
        (b"ipco", -8, b"\xff\xff\xff\xff", "impossible length"),
        (b"meta", -4, b"free", "before it says"),
        (b"meta", -8, b"\x00\x00\x00\x01", "one picture"),
        (b"meta", -8, b"\x00\xff\xff\xff", "cut off"),
        (b"ipma", 4, b"\xff\xff\xff\xff", "cut off"),
        (b"iloc", 6, b"\xff\xff", "cut off"),
    ],
)
def test_a_header_that_lies_is_refused_for_what_it_is(kind: bytes, at: int, value: bytes, named: str) -> None:
    with pytest.raises(NotAnImage, match=named):
        look(changed(kind, at, value))


def test_a_heic_cut_in_its_header_is_refused_and_cut_in_its_picture_is_evidence() -> None:
    header = CONTENT.index(b"mdat") - 4
    for end in range(16, header):
        with pytest.raises(NotAnImage):
            look(CONTENT[:end])
    assert look(CONTENT[: header + 40]).width == 96


@pytest.mark.parametrize("value", [b"\xff\xff\xff\xff", b"\x00\x00\x00\x00"])
def test_an_exif_block_that_is_nowhere_gives_no_facts(value: bytes) -> None:
    content = CONTENT
    at = content.index(b"\x00\x00\x00\x06Exif\x00\x00")
    place = content.index(struct.pack(">I", at))
    facts = look(content[:place] + value + content[place + 4 :])
    assert (facts.make, facts.orientation) == (None, 6)


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=8))
def test_a_damaged_heic_is_read_or_refused_but_never_crashes(at: int, damage: bytes) -> None:
    content = bytearray(CONTENT)
    at %= len(content)
    content[at : at + len(damage)] = damage
    try:
        look(bytes(content))
    except (NotAnImage, PhotoTooLarge):
        return
