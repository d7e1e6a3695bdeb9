"""The decoder's own guards, for a file that nobody inspected before, and what one decoding child survives."""

import io
import struct

import pytest
from PIL import Image

from photo_store.decoder import NotDerivable, decode
from photo_store.sandbox import Parcel

FACTS = {"media_type": "image/jpeg", "orientation": 1}


def jpeg(size: tuple[int, int] = (64, 48)) -> bytes:
    target = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(target, "JPEG")
    return target.getvalue()


def claiming(width: int, height: int) -> bytes:
    content = bytearray(jpeg())
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(content)


def renditions(content: bytes, **facts: object) -> Parcel:
    return decode("renditions", Parcel("", {**FACTS, **facts}, {"original": content}))


@pytest.mark.parametrize(("width", "height"), [(8000, 6251), (30_000, 30_000)])
def test_what_is_too_large_is_refused_before_a_pixel_is_decoded(width: int, height: int) -> None:
    with pytest.raises(NotDerivable, match="exceeds limit"):
        renditions(claiming(width, height))


def test_a_type_that_the_content_does_not_have_is_refused() -> None:
    with pytest.raises(NotDerivable):
        renditions(jpeg(), media_type="image/heic")
    png = io.BytesIO()
    Image.new("RGB", (8, 8)).save(png, "PNG")
    with pytest.raises(NotDerivable):
        renditions(png.getvalue())


def test_a_reason_is_one_readable_line() -> None:
    with pytest.raises(NotDerivable) as refusal:
        renditions(jpeg(), orientation="\n\x1b[2J" + "x" * 1000)
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) <= 300


def test_one_refusal_does_not_spoil_the_next_picture() -> None:
    with pytest.raises(NotDerivable):
        renditions(b"")
    assert set(renditions(jpeg()).files) == {"preview", "thumbnail"}
