"""Mutations of what a JPEG claims in its Exif block and its colour profile: the picture itself is never touched."""

import struct
from collections.abc import Iterator
from random import Random

from PIL import ImageCms
from support.mutations.mutant import Mutant
from support.mutations.segments import APP1, APP2, inserted, segment, without

ASCII, SHORT, LONG, RATIONAL, UNDEFINED = 2, 3, 4, 5, 7
MAKE, ORIENTATION, CAMERA, PLACE, TAKEN_AT = 0x010F, 0x0112, 0x8769, 0x8825, 0x9003
TEXTS = (
    b"<script>alert(1)</script>",
    b'"><img src=x onerror=alert(1)>',
    b'=HYPERLINK("x")\r\n@SUM(1)',
    b"a\r\nSet-Cookie: b=c\r\n\r\n<html>",
    b"\x1b[2J\x07\x00hidden",
    b"{{7*7}}${7*7}<%=7*7%>",
    b"'; DROP TABLE photo; --",
    b"\xff\xfe\xfd" * 20,
    "\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe".encode(),
    b"%n%s%x" * 30,
)


def entry(tag: int, kind: int, count: int, value: bytes) -> bytes:
    """Build a directory entry; ``value`` is the value itself or its place, four bytes."""
    return struct.pack("<HHI", tag, kind, count) + value[:4].ljust(4, b"\0")


def directory(*entries: bytes, count: int | None = None, following: int = 0) -> bytes:
    """Build a directory."""
    return (
        struct.pack("<H", len(entries) if count is None else count) + b"".join(entries) + struct.pack("<I", following)
    )


def tiff(body: bytes, start: int = 8) -> bytes:
    """Build a block whose first directory is at ``start``."""
    return b"II*\0" + struct.pack("<I", start) + body


def blocks(random: Random) -> Iterator[tuple[str, bytes]]:
    """Blocks that lie, loop, or carry what somebody hopes will be run."""
    for nth, text in enumerate(TEXTS):
        place = struct.pack("<I", 26)
        yield f"text {nth}", tiff(directory(entry(MAKE, ASCII, len(text), place)) + text)
        yield f"text {nth} as a time", tiff(directory(entry(TAKEN_AT, ASCII, len(text), place)) + text)
    here = struct.pack("<I", 8)
    yield "directory that follows itself", tiff(directory(following=8))
    yield "camera directory is the first", tiff(directory(entry(CAMERA, LONG, 1, here)))
    yield "place directory is the first", tiff(directory(entry(PLACE, LONG, 1, here), entry(CAMERA, LONG, 1, here)))
    yield "chain of directories", tiff(b"".join(directory(following=8 + 6 * (nth + 1)) for nth in range(500)))
    for count in (2**16, 2**31 - 1, 2**31, 2**32 - 1):
        for kind in (ASCII, LONG, RATIONAL, UNDEFINED):
            yield f"count {count} of {kind}", tiff(directory(entry(MAKE, kind, count, here)))
    for count in (0, 1000, 65_535):
        yield f"{count} entries declared", tiff(directory(entry(MAKE, ASCII, 2, b"A\0"), count=count))
    for start in (0, 1, 4, 2**31, 2**32 - 1):
        yield f"first directory at {start}", tiff(directory(entry(MAKE, ASCII, 2, b"A\0")), start)
    for value in (0, 9, 255, 65_535):
        yield f"orientation {value}", tiff(directory(entry(ORIENTATION, SHORT, 1, struct.pack("<H", value))))
    for nth in range(12):
        yield f"noise {nth}", random.choice([b"II*\0", b"MM\0*", b""]) + random.randbytes(random.randrange(3000))


def lying_exif(content: bytes, random: Random) -> Iterator[Mutant]:
    """Put each block in place of the camera's."""
    bare = without(content, APP1)
    for name, block in blocks(random):
        yield Mutant(f"Exif: {name}", inserted(bare, segment(APP1, b"Exif\0\0" + block)), shown=True)


def profile(space: str) -> bytes:
    """Return a sound profile, without the time of its making: the same bytes every time."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes()
    return made[:24] + bytes(12) + made[36:84] + bytes(16) + made[100:]


def lying_profiles(content: bytes, random: Random) -> Iterator[Mutant]:
    """Give the picture colour profiles that are none, are cut, lie about their size, or of another kind of space."""
    honest, lab = profile("sRGB"), profile("LAB")
    profiles = {"none": b"", "text": b"no profile", "of Lab": lab, "honest": honest}
    profiles |= {f"cut at {end}": honest[:end] for end in (4, 40, 127, 128, 132, 200, len(honest) - 20)}
    for claim in (0, 1, 2**31, 2**32 - 1):
        profiles[f"of {claim} bytes"] = struct.pack(">I", claim) + honest[4:]
        profiles[f"with {claim} tags"] = honest[:128] + struct.pack(">I", claim) + honest[132:]
        profiles[f"with a tag at {claim}"] = honest[:136] + struct.pack(">I", claim) + honest[140:]
    for nth in range(8):
        damaged = bytearray(honest)
        for at in random.sample(range(128, len(honest)), 20):
            damaged[at] = random.randrange(256)
        profiles[f"damaged {nth}"] = bytes(damaged)
    for name, content_of_it in profiles.items():
        parcel = segment(APP2, b"ICC_PROFILE\0\1\1" + content_of_it)
        yield Mutant(f"profile: {name}", inserted(content, parcel), shown=True)
    for number, count in ((0, 0), (2, 1), (255, 255), (1, 200)):
        parcel = segment(APP2, b"ICC_PROFILE\0" + bytes([number, count]) + honest)
        yield Mutant(f"profile: part {number} of {count}", inserted(content, parcel), shown=True)


FAMILIES = (lying_exif, lying_profiles)
