"""Lines of text along the bottom of a picture that leaves the house: who got it, when, for what.

The picture is made anew from its pixels. Knows no case and no wording.
"""

import io
from collections.abc import Sequence
from pathlib import Path

from photo_store.decoder import NotDerivable, decode, seen
from photo_store.inspect_image import ImageLimits, NotAnImage, PhotoTooLarge, inspect
from photo_store.sandbox import Parcel

__all__ = ["TextNotShowable", "watermarked"]

MOST_LINES, LONGEST_LINE = 8, 200


class TextNotShowable(Exception):
    """The font has no glyph for some of the text; the message names them and says what to do."""


def watermarked(picture_bytes: bytes, lines: Sequence[str], font: Path | None) -> bytes:
    """Return the picture (JPEG or HEIC in, JPEG out, same size) with ``lines`` along its bottom.

    ``font``: a TrueType or OpenType file; None is a built-in one for Latin text. Raises TextNotShowable, ValueError
    for no or too much text, NotDerivable, DecoderUnavailable; OSError if the font cannot be read.
    """
    texts = [" ".join(line.split()) for line in lines]
    texts = [text for text in texts if text]
    if not 1 <= len(texts) <= MOST_LINES or any(len(text) > LONGEST_LINE for text in texts):
        message = f"a watermark has 1 to {MOST_LINES} lines of at most {LONGEST_LINE} characters"
        raise ValueError(message)
    try:
        facts = inspect(io.BytesIO(picture_bytes), ImageLimits())
    except (NotAnImage, PhotoTooLarge) as refusal:
        raise NotDerivable(str(refusal)) from refusal
    files = {"picture": picture_bytes} if font is None else {"picture": picture_bytes, "font": font.read_bytes()}
    answer = decode("stamped", Parcel("", {**seen(facts), "lines": texts}, files))
    if absent := str(answer.facts.get("no_glyph", "")):
        message = f"the font cannot show {absent!r}: name a font file that has these characters"
        raise TextNotShowable(message)
    return answer.files["picture"]
