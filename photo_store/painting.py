"""Painting on photographs: opaque rectangles, and lines of text along the bottom.

Runs where pictures are decoded. Both start from pixels and end in a file that holds nothing else. Knows no store.
"""

import io
import math

from PIL import Image, ImageDraw, ImageFont

from photo_store.pixels import fitted, jpeg, upright
from photo_store.renditions import PREVIEW_QUALITY, PREVIEW_SIDE
from photo_store.sandbox import Parcel
from photo_store.sandbox.parcels import DONE

__all__ = ["redactions", "stamped"]

FULL_QUALITY = 90
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
_LINES_PER_PICTURE = 36  # of text, if the whole picture were full of it
_SMALLEST_TEXT, _BAND_STRENGTH, _SPACING = 9, 0.55, 1.35
_NO_CHARACTER = "\U0010fffe"  # no font has it: what is drawn for it is drawn for every missing one

Font = ImageFont.FreeTypeFont


def redactions(request: Parcel) -> Parcel:
    """Make ``full`` and ``preview`` (JPEG) of the file ``original`` with the fact ``regions`` painted over."""
    picture = upright(request, "original").pixels
    brush = ImageDraw.Draw(picture)
    for left, top, width, height in request.facts["regions"]:
        # Outwards: a pixel that a region only touches is hidden too.
        corner = math.floor(left * picture.width), math.floor(top * picture.height)
        opposite = math.ceil((left + width) * picture.width) - 1, math.ceil((top + height) * picture.height) - 1
        brush.rectangle((corner, opposite), fill=BLACK)
    full = jpeg(picture, FULL_QUALITY)
    preview = picture.resize(fitted(picture.size, PREVIEW_SIDE), Image.Resampling.BICUBIC, reducing_gap=2)
    return Parcel(DONE, {}, {"full": full, "preview": jpeg(preview, PREVIEW_QUALITY)})


def stamped(request: Parcel) -> Parcel:
    """Put the fact ``lines`` along the bottom of the file ``picture``, in the file ``font`` if there is one.

    The fact ``no_glyph`` of the answer names characters that the font lacks; then there is no file.
    """
    lines = [str(line) for line in request.facts["lines"]]
    font_file = request.files.get("font")
    if absent := _without_glyph("".join(lines), _font(font_file, 24)):
        return Parcel(DONE, {"no_glyph": absent})
    picture = upright(request, "picture").pixels
    font = _fitting(lines, picture.size, font_file)
    step = math.ceil(font.size * _SPACING)
    band = min(picture.height, step * len(lines) + step // 2)
    box = (0, picture.height - band, picture.width, picture.height)
    under = picture.crop(box)
    picture.paste(Image.blend(under, Image.new("RGB", under.size, BLACK), _BAND_STRENGTH), box)
    brush = ImageDraw.Draw(picture)
    for nth, line in enumerate(lines):
        brush.text((step // 2, box[1] + step // 4 + nth * step), line, fill=WHITE, font=font)
    return Parcel(DONE, {}, {"picture": jpeg(picture, FULL_QUALITY)})


def _font(content: bytes | None, size: float) -> Font:
    if content is None:
        font = ImageFont.load_default(size)
        if not isinstance(font, ImageFont.FreeTypeFont):
            message = "this Pillow was built without FreeType: no text can be drawn"
            raise TypeError(message)
        return font
    # Basic layout: the complex one would load a library, and field text does not need it.
    return ImageFont.truetype(io.BytesIO(content), size, layout_engine=ImageFont.Layout.BASIC)


def _without_glyph(text: str, font: Font) -> str:
    blank = bytes(font.getmask(_NO_CHARACTER))
    return "".join(sign for sign in sorted(set(text)) if not sign.isspace() and bytes(font.getmask(sign)) == blank)


def _fitting(lines: list[str], size: tuple[int, int], font_file: bytes | None) -> Font:
    """Return the font at the size of a caption, smaller where a line would not fit the width."""
    points = max(_SMALLEST_TEXT, max(size) / _LINES_PER_PICTURE)
    font = _font(font_file, points)
    widest = max(font.getlength(line) for line in lines) + points * _SPACING
    return font if widest <= size[0] else _font(font_file, max(_SMALLEST_TEXT, points * size[0] / widest))
