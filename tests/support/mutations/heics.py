"""Mutations of HEIC files: cut, flipped, boxes and sizes that lie, other codings under the same brand."""

import struct
from collections.abc import Iterator
from random import Random

from support.mutations.mutant import ANY, Mutant
from support.mutations.segments import overwritten

HTML = b"<script>alert(1)</script>"


def after(content: bytes, kind: bytes, at: int = 0) -> int:
    """Return the place ``at`` bytes into the payload of the first box of a kind."""
    return content.index(kind) + 4 + at


def cut(content: bytes, random: Random) -> Iterator[Mutant]:
    """Cut in the header nothing can be known; cut in the picture it is evidence that cannot be shown."""
    picture = content.index(b"mdat") + 4
    for end in random.sample(range(28, picture - 8), 20):
        yield Mutant(f"cut in its header at {end}", content[:end], "cut off")
    for end in random.sample(range(picture + 8, len(content) - 300), 12):
        yield Mutant(f"cut in its picture at {end}", content[:end], shown=False)


def flipped(content: bytes, random: Random) -> Iterator[Mutant]:
    """Flip bits of coded pixels: the structure stays."""
    start = content.index(b"mdat") + 4
    for flips in (1, 1, 1, 2, 4, 8, 16, 32, 64, 128) * 2:
        changed = bytearray(content)
        for at in random.sample(range(start + 8, len(content) - 250), flips):
            changed[at] ^= 1 << random.randrange(8)
        yield Mutant(f"{flips} bits flipped ({random.random():.6f})", bytes(changed))


def lies_of_size(content: bytes, random: Random) -> Iterator[Mutant]:
    """Declare another size than the picture has."""
    size = after(content, b"ispe", 4)
    for width, height in ((2**32 - 1, 2**32 - 1), (16_385, 1), (1, 16_385), (8000, 6251), (16_384, 16_384)):
        lie = overwritten(content, size, struct.pack(">II", width, height))
        yield Mutant(f"claims {width} x {height}", lie, "pixels")
    for width, height in ((0, 48), (64, 0), (0, 0)):
        lie = overwritten(content, size, struct.pack(">II", width, height))
        yield Mutant(f"claims {width} x {height}", lie, "empty picture")
    for nth in range(8):
        width, height = random.randrange(1, 1200), random.randrange(1, 1200)
        lie = overwritten(content, size, struct.pack(">II", width, height))
        yield Mutant(f"claims {width} x {height} ({nth})", lie)
    for channels in (0, 5, 255):
        lie = overwritten(content, after(content, b"pixi", 4), bytes([channels]))
        yield Mutant(f"{channels} channels", lie, "channels")


def lying_boxes(content: bytes, _random: Random) -> Iterator[Mutant]:
    """Drop boxes, make them too long, declare more entries than there are, name another coding."""
    for kind, reason in (
        (b"meta", "before it says"),
        (b"pitm", "one picture"),
        (b"iinf", "one picture"),
        (b"iprp", "declare the size"),
        (b"ipco", "declare the size"),
        (b"ipma", "declare the size"),
        (b"ispe", "declare the size"),
    ):
        yield Mutant(f"no {kind.decode()}", overwritten(content, after(content, kind, -4), b"free"), reason)
    for kind in (b"hdlr", b"iinf", b"iprp", b"ipco", b"infe", b"iloc", b"pitm"):
        lie = overwritten(content, after(content, kind, -8), b"\x7f\xff\xff\xff")
        yield Mutant(f"{kind.decode()} is longer than the file", lie, "impossible length")
    for kind, at in ((b"ipma", 4), (b"iloc", 6)):
        lie = overwritten(content, after(content, kind, at), b"\xff\xff")
        yield Mutant(f"{kind.decode()} declares too much", lie, "cut off")
    for coding, reason in (
        (b"av01", "AVIF"),
        (b"jpeg", "one picture"),
        (b"avc1", "one picture"),
        (b"vvc1", "one picture"),
    ):
        yield Mutant(f"coded as {coding.decode()}", overwritten(content, after(content, b"infe", 8), coding), reason)
    for brand, reason in ((b"avif", "AVIF"), (b"avis", "AVIF")):
        yield Mutant(f"brand {brand.decode()}", overwritten(content, 8, brand), reason)
    yield Mutant("a video's brands", overwritten(content.replace(b"mif1heic", b"mp41isom"), 8, b"mp42"), "video")
    yield Mutant("an endless picture", overwritten(content, after(content, b"mdat", -8), bytes(4)), shown=True)
    yield Mutant("script behind it", content + HTML, shown=True)
    yield Mutant("script in a box", content + struct.pack(">I", 8 + len(HTML)) + b"free" + HTML, shown=True)


def damaged_header(content: bytes, random: Random) -> Iterator[Mutant]:
    """Overwrite bytes at random places of the header: it is read or refused, and nothing else."""
    end = content.index(b"mdat")
    for nth in range(60):
        changed = bytearray(content)
        for at in random.sample(range(8, end), random.choice([1, 1, 2, 4, 16])):
            changed[at] = random.randrange(256)
        yield Mutant(f"damaged header {nth}", bytes(changed), ANY)


FAMILIES = (cut, flipped, lies_of_size, lying_boxes, damaged_header)
