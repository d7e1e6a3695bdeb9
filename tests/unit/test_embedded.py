"""The thumbnail inside the Exif block: found, compared, and never believed."""

import io
import struct
from datetime import UTC, datetime

import pytest
from PIL import Image

from photo_store.drawn import Scene, draw
from photo_store.embedded import embedded_distance, embedded_thumbnail
from photo_store.exif import read_exif
from photo_store.likeness import PERHAPS_SAME_PLACE, SAME

TAKEN_AT = datetime(2026, 11, 22, 0, 31, 2, tzinfo=UTC)


def street(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    return Image.open(
        io.BytesIO(draw(Scene.EXPOSED_RUBBISH, seed, taken_at=TAKEN_AT, lon=123.5, lat=30.5, size=size))
    ).convert("RGB")


def jpeg(picture: Image.Image, quality: int = 70) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def small(picture: Image.Image) -> bytes:
    return jpeg(picture.resize((160, 120)))


def exif(hidden: bytes, order: str = "<", *, start: int = 44, length: int | None = None) -> bytes:
    """Return a block with one empty main directory and a second one that points to ``hidden``."""
    magic = b"II*\0" if order == "<" else b"MM\0*"
    main = struct.pack(order + "IHI", 8, 0, 14)
    entries = [(0x0201, 4, 1, start), (0x0202, 4, 1, len(hidden) if length is None else length)]
    second = struct.pack(order + "H", 2) + b"".join(struct.pack(order + "HHII", *entry) for entry in entries)
    return magic + main + second + struct.pack(order + "I", 0) + hidden


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("header", [b"", b"Exif\0\0"])
def test_the_thumbnail_is_found_in_either_byte_order(order: str, header: bytes) -> None:
    hidden = small(street(1))
    assert embedded_thumbnail(header + exif(hidden, order)) == hidden


@pytest.mark.parametrize(
    "block",
    [
        None,
        b"",
        b"II*\0",
        b"II*\0" + struct.pack("<IHI", 8, 0, 0),
        b"II*\0" + struct.pack("<IHI", 8, 0, 8),
        b"II*\0" + struct.pack("<I", 2**32 - 1),
        b"II*\0" + struct.pack("<IH", 8, 65535),
        exif(b"\xff\xd8 cut", length=60_000),
        exif(b"GIF89a no picture of a camera"),
        exif(b"\xff\xd8\xff", start=2**32 - 1),
    ],
)
def test_nonsense_holds_no_thumbnail(block: bytes | None) -> None:
    assert embedded_thumbnail(block) is None
    assert embedded_distance(block, street(1), None) is None


def test_a_thumbnail_that_cannot_be_decoded_says_nothing() -> None:
    assert embedded_distance(exif(b"\xff\xd8\xff\xe0 and then noise"), street(1), None) is None


def test_the_thumbnail_of_the_same_picture_is_near() -> None:
    found = embedded_distance(exif(small(street(1))), street(1), None)
    assert found is not None
    assert found <= SAME


def test_the_thumbnail_of_another_picture_is_far() -> None:
    found = embedded_distance(exif(small(street(2))), street(1), None)
    assert found is not None
    assert found > PERHAPS_SAME_PLACE


def test_the_thumbnail_is_turned_with_its_picture() -> None:
    picture = street(1)
    turn = Image.Transpose.ROTATE_270
    found = embedded_distance(exif(small(picture)), picture.transpose(turn), turn)
    assert found is not None
    assert found <= SAME


def test_bars_around_a_wide_picture_are_no_difference() -> None:
    wide = street(1, (640, 360))
    barred = Image.new("RGB", (160, 120))
    barred.paste(wide.resize((160, 90)), (0, 15))
    found = embedded_distance(exif(jpeg(barred)), wide, None)
    assert found is not None
    assert found <= SAME


def test_flat_pictures_are_not_compared() -> None:
    assert embedded_distance(exif(small(street(1))), Image.new("RGB", (640, 480)), None) is None
    assert embedded_distance(exif(small(Image.new("RGB", (640, 480)))), street(1), None) is None


def test_the_program_that_wrote_the_file_is_one_of_its_facts() -> None:
    block = Image.Exif()
    block[0x0131] = "Adobe Photoshop 25.0"
    assert read_exif(block.tobytes().removeprefix(b"Exif\0\0")).software == "Adobe Photoshop 25.0"
    assert read_exif(exif(b"")).software is None
