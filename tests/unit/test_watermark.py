"""Watermarks: text along the bottom, made from pixels, never as boxes for characters that a font lacks."""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._g_l_y_f import Glyph
from PIL import Image

from photo_store.decoder import NotDerivable
from photo_store.watermark import TextNotShowable, watermarked

LINES = ("Copy for 12345 hotline", "2026-11-22 08:31")


def picture(width: int = 800, height: int = 600) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (width, height), (90, 140, 90)).save(target, "JPEG", comment=b"secret", quality=90)
    return target.getvalue()


def pixels(content: bytes) -> npt.NDArray[np.int16]:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), dtype=np.int16)


def block(size: int) -> Glyph:
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for corner in ((100, size), (size, size), (size, 0)):
        pen.lineTo(corner)
    pen.closePath()
    return pen.glyph()


@pytest.fixture
def font(tmp_path: Path) -> Path:
    """Make a font that has four characters, drawn as blocks of different size."""
    signs = "巡查A "
    names = [".notdef", *(f"sign{nth}" for nth in range(len(signs)))]
    made = FontBuilder(1000, isTTF=True)
    made.setupGlyphOrder(names)
    made.setupCharacterMap({ord(sign): names[nth + 1] for nth, sign in enumerate(signs)})
    made.setupGlyf({name: block(300 + 100 * nth) for nth, name in enumerate(names)})
    made.setupHorizontalMetrics(dict.fromkeys(names, (1000, 100)))
    made.setupHorizontalHeader(ascent=800, descent=-200)
    made.setupNameTable({"familyName": "Blocks", "styleName": "Regular"})
    made.setupOS2()
    made.setupPost()
    path = tmp_path / "blocks.ttf"
    made.save(path)
    return path


def test_text_stands_along_the_bottom_and_the_rest_is_the_picture() -> None:
    marked = pixels(watermarked(picture(), LINES, None))
    assert marked.shape == (600, 800, 3)
    assert np.abs(marked[:450] - pixels(picture())[:450]).max() < 12
    assert marked[500:].max() > 200  # white letters
    assert marked[500:].mean() < 100  # on a dark band


def test_other_text_gives_another_picture_and_the_same_the_same() -> None:
    assert watermarked(picture(), LINES, None) == watermarked(picture(), LINES, None)
    assert watermarked(picture(), LINES, None) != watermarked(picture(), ("Copy for the court",), None)


def test_a_watermarked_picture_holds_pixels_only() -> None:
    assert b"secret" not in watermarked(picture(), LINES, None)


@pytest.mark.parametrize("size", [(40, 30), (3000, 40), (40, 3000)])
def test_text_is_fitted_into_small_and_narrow_pictures(size: tuple[int, int]) -> None:
    assert Image.open(io.BytesIO(watermarked(picture(*size), LINES, None))).size == size


def test_chinese_text_needs_a_font_that_has_it_and_says_which_characters(font: Path) -> None:
    with pytest.raises(TextNotShowable, match="巡查"):
        watermarked(picture(), ["巡查"], None)
    with pytest.raises(TextNotShowable, match="'城'"):
        watermarked(picture(), ["巡查 A城"], font)


def test_a_font_file_is_used_where_it_has_the_text(font: Path) -> None:
    one, other = (pixels(watermarked(picture(), [text], font)) for text in ("巡查", "查巡"))
    assert np.abs(one - other).max() > 100


@pytest.mark.parametrize("lines", [[], ["", "  "], ["a"] * 9, ["a" * 201]])
def test_no_text_or_too_much_is_refused(lines: list[str]) -> None:
    with pytest.raises(ValueError, match="watermark"):
        watermarked(picture(), lines, None)


def test_what_is_no_picture_or_no_font_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotDerivable, match="PNG"):
        watermarked(b"\x89PNG\r\n\x1a\n", LINES, None)
    (tmp_path / "no.ttf").write_bytes(b"no font")
    with pytest.raises(NotDerivable):
        watermarked(picture(), LINES, tmp_path / "no.ttf")
    with pytest.raises(FileNotFoundError):
        watermarked(picture(), LINES, tmp_path / "absent.ttf")
