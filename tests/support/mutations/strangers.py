"""Files that are no photographs as we take them, each with the name by which it must be refused."""

import io
from collections.abc import Iterator
from random import Random

from PIL import Image
from support.mutations.mutant import Mutant

_SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
_HEADS = {
    "SVG": (_SVG, b"<?xml version='1.0'?>" + _SVG, b"\xef\xbb\xbf" + _SVG, b"\n\t " + _SVG),
    "HTML": (b"<html>", b"<!DOCTYPE html>"),
    "PDF": (b"%PDF-1.4\n", b"%PDF-2.0\n"),
    "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n", b"\xc5\xd0\xd3\xc6" + bytes(26)),
    "AVIF": (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", b"\0\0\0\x1cftypavis\0\0\0\0avisavifmiaf"),
    "video": (b"\0\0\0\x18ftypisom\0\0\0\0isomiso2", b"\0\0\0\x14ftypqt  \0\0\0\0qt  "),
    "JPEG XL": (b"\xff\x0a", b"\0\0\0\x0cJXL \x0d\x0a\x87\x0a"),
    "JPEG 2000": (b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \x0d\x0a\x87\x0a"),
    "Photoshop": (b"8BPS\0\1",),
    "ZIP": (b"PK\x03\x04",),
    "gzip": (b"\x1f\x8b\x08",),
    "program": (b"\x7fELF", b"MZ\x90\0"),
    "no known picture": (b"\0", b"\xff", b"\xff\xff\xff\xff", b"plain text", b"JFIF"),
}


def encoded(picture: Image.Image) -> Iterator[Mutant]:
    """Encode the picture in every other format that a phone or a desk might send."""
    for form, named in (("PNG", "PNG"), ("GIF", "GIF"), ("BMP", "BMP"), ("TIFF", "TIFF"), ("WEBP", "WebP")):
        target = io.BytesIO()
        picture.convert("P" if form == "GIF" else "RGB").save(target, form)
        yield Mutant(f"a {form}", target.getvalue(), named)


def strangers(random: Random) -> Iterator[Mutant]:
    """Begin like something else and go on with noise."""
    yield Mutant("nothing", b"", "empty")
    for named, heads in _HEADS.items():
        for nth, head in enumerate(heads):
            yield Mutant(f"{named} {nth}", head + random.randbytes(200), named)
