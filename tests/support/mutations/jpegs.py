"""Mutations of JPEG files: cut, flipped, wrong markers, scan bombs, headers that lie, two things at once."""

import struct
from collections.abc import Iterator
from random import Random

from support.mutations.mutant import Mutant
from support.mutations.segments import (
    COM,
    DQT,
    EOI,
    FRAMES,
    SOI,
    SOS,
    coded_places,
    first,
    inserted,
    overwritten,
    segment,
    segments,
    without,
)

ZIP = b"PK\x03\x04" + bytes(26) + b"PK\x05\x06" + bytes(18)
HTML = b"<!doctype html><script>alert(document.cookie)</script>"
PDF = b"%PDF-1.7\n1 0 obj\n<</JS (app.alert(1))>>\nendobj\n%%EOF"
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(64)


def cut(content: bytes, random: Random) -> Iterator[Mutant]:
    """Cut in the header nothing can be known; cut in the picture it is evidence that cannot be shown."""
    scan = first(content, SOS)
    for end in random.sample(range(2, scan.at + 2), 12):
        yield Mutant(f"cut in its header at {end}", content[:end], "cut off")
    for end in random.sample(range(scan.end + 8, len(content) - 400), 12):
        yield Mutant(f"cut in its picture at {end}", content[:end], shown=False)


def flipped(content: bytes, random: Random) -> Iterator[Mutant]:
    """Flip bits of coded pixels, where no marker is: the structure stays."""
    places = coded_places(content)
    for flips in (1, 1, 1, 2, 4, 8, 16, 32, 64, 128) * 2:
        changed = bytearray(content)
        for at in random.sample(places, flips):
            flip = changed[at] ^ (1 << random.randrange(8))
            changed[at] = flip if flip != 0xFF else 0x7F
        yield Mutant(f"{flips} bits flipped ({random.random():.6f})", bytes(changed))


def wrong_markers(content: bytes, random: Random) -> Iterator[Mutant]:
    """Exchange, double, drop and invent markers."""
    frame = first(content, *FRAMES)
    for marker in (0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF):
        yield Mutant(f"frame {marker:x}", overwritten(content, frame.at + 1, bytes([marker])), "coded")
    double = content[frame.at : frame.end]
    yield Mutant("frame twice", content[: frame.end] + double + content[frame.end :], "twice")
    yield Mutant("no frame", content[: frame.at] + content[frame.end :], "before its picture begins")
    for gone in segments(content):
        if gone.marker == SOS:
            headless = content[: gone.at] + b"\xff" + bytes([EOI])
            yield Mutant("no scan", headless, "before its picture begins")
    yield Mutant("ends at once", inserted(content, b"\xff" + bytes([EOI])), "before its picture begins")
    yield Mutant("no start", b"\xff\xd7" + content[2:], "no known picture")
    yield Mutant("no tables to decode with", without(content, DQT), shown=False)
    for nth in range(6):
        noise = random.randbytes(random.randrange(2000))
        marker = random.choice([COM, 0xE0, 0xE5, 0xEF])
        yield Mutant(f"unknown segment {nth}", inserted(content, segment(marker, noise)), shown=True)
    yield Mutant("started twice", inserted(content, b"\xff" + bytes([SOI])), shown=False)


def scan_bombs(content: bytes, _random: Random) -> Iterator[Mutant]:
    """Repeat the last scan of a progressive file: each costs a pass over the whole picture."""
    start = content.rindex(b"\xff\xda")
    scan, had = content[start:-2], content.count(b"\xff\xda")
    for extra in (101 - had, 150, 200, 400, 800, 1600):
        yield Mutant(f"{had + extra} scans", content[:-2] + scan * extra + content[-2:], "100 scans")
    for extra in (1, 10, 100 - had):
        yield Mutant(f"{had + extra} scans", content[:-2] + scan * extra + content[-2:], shown=True)


def lies_of_size(content: bytes, random: Random) -> Iterator[Mutant]:
    """Declare another size, depth or number of channels than the picture has."""
    frame = first(content, *FRAMES)
    for width, height in ((65_535, 65_535), (16_385, 1), (1, 16_385), (8000, 6251), (7072, 7072), (16_384, 16_384)):
        lie = overwritten(content, frame.at + 5, struct.pack(">HH", height, width))
        yield Mutant(f"claims {width} x {height}", lie, "pixels")
    for width, height in ((0, 120), (160, 0), (0, 0)):
        lie = overwritten(content, frame.at + 5, struct.pack(">HH", height, width))
        yield Mutant(f"claims {width} x {height}", lie, "empty picture")
    for nth in range(8):
        width, height = random.randrange(1, 1200), random.randrange(1, 1200)
        lie = overwritten(content, frame.at + 5, struct.pack(">HH", height, width))
        yield Mutant(f"claims {width} x {height} ({nth})", lie)
    for depth in (0, 2, 12, 16, 255):
        yield Mutant(f"{depth} bits", overwritten(content, frame.at + 4, bytes([depth])), "coded")
    for channels in (0, 2, 5, 255):
        yield Mutant(f"{channels} channels", overwritten(content, frame.at + 9, bytes([channels])), "channels")


def lies_of_length(content: bytes, random: Random) -> Iterator[Mutant]:
    """Declare segments that are shorter than their own length or longer than the file."""
    parts = segments(content)
    for part in parts:
        for length in (0, 1):
            lie = overwritten(content, part.at + 2, struct.pack(">H", length))
            yield Mutant(f"length {length} at {part.at}", lie, "impossible length")
    for part in random.sample(parts, min(4, len(parts))):
        lie = overwritten(content, part.at + 2, b"\xff\xff")
        yield Mutant(f"length beyond the end at {part.at}", lie[: part.at + 60_000], "cut off")


def two_things(content: bytes, _random: Random) -> Iterator[Mutant]:
    """Two formats in one file: what comes first decides, and what follows the picture is dead weight."""
    tails = {"ZIP": ZIP, "HTML": HTML, "PDF": PDF, "MP4": MP4, "JPEG": content, "NULs": bytes(5000)}
    for name, tail in tails.items():
        yield Mutant(f"{name} behind it", content + tail, shown=True)
    for name, hidden in (("HTML", HTML), ("PDF", PDF), ("ZIP", ZIP)):
        yield Mutant(f"{name} in a comment", inserted(content, segment(COM, hidden)), shown=True)
    for head, named in ((HTML, "text file"), (b"GIF89a", "GIF"), (PDF, "PDF"), (ZIP, "ZIP"), (MP4, "video")):
        yield Mutant(f"{named} before it", head + content, named)


FAMILIES = (cut, flipped, wrong_markers, lies_of_size, lies_of_length, two_things)
