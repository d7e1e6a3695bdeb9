"""What a file really is: structure, limits, and the claims of friendly and hostile cameras."""

import io
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photo_store.exif import ExifFacts, read_exif
from photo_store.inspect_image import ImageFacts, ImageLimits, NotAnImage, PhotoTooLarge, inspect

LIMITS = ImageLimits()
ASCII, SHORT, LONG, RATIONAL = 2, 3, 4, 5
MAIN = {"make": 0x010F, "model": 0x0110, "orientation": 0x0112, "camera": 0x8769, "gps": 0x8825}


def jpeg(width: int = 64, height: int = 48, *, progressive: bool = False, exif: bytes | None = None) -> bytes:
    target = io.BytesIO()
    picture = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    picture.save(target, "JPEG", progressive=progressive, exif=exif or b"", comment=b"\xff\xda in a comment")
    return target.getvalue()


def camera_exif(**wanted: object) -> bytes:
    exif = Image.Exif()
    exif[MAIN["make"]] = wanted.get("make", "Huawei")
    exif[MAIN["model"]] = wanted.get("model", "P60")
    exif[MAIN["orientation"]] = wanted.get("orientation", 6)
    exif.get_ifd(MAIN["camera"]).update({0x9003: "2026:11:22 08:31:02", **wanted.get("camera", {})})  # type: ignore[dict-item]  # a test's own keywords
    exif.get_ifd(MAIN["gps"]).update({1: "N", 2: (30.0, 29.0, 24.0), 3: "E", 4: (123.0, 30.0, 36.0)})
    return exif.tobytes()


def entry(tag: int, kind: int, count: int, value: bytes) -> bytes:
    return struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")


def tiff(*entries: bytes, count: int | None = None, tail: bytes = b"") -> bytes:
    number = len(entries) if count is None else count
    return b"II*\0" + struct.pack("<IH", 8, number) + b"".join(entries) + b"\0\0\0\0" + tail


def look(content: bytes, limits: ImageLimits = LIMITS) -> ImageFacts:
    return inspect(io.BytesIO(content), limits)


def frame_claiming(width: int, height: int) -> bytes:
    content = bytearray(jpeg())
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(content)


@pytest.mark.parametrize("progressive", [False, True])
def test_size_and_type_are_read_from_the_structure(*, progressive: bool) -> None:
    content = jpeg(640, 480, progressive=progressive)
    facts = look(content)
    assert (facts.media_type, facts.size, facts.width, facts.height) == ("image/jpeg", len(content), 640, 480)
    assert (facts.orientation, facts.taken_at, facts.lon, facts.make) == (1, None, None, None)


def test_what_the_camera_claims_is_reported() -> None:
    facts = look(jpeg(exif=camera_exif()))
    assert (facts.orientation, facts.make, facts.model) == (6, "Huawei", "P60")
    assert facts.taken_at == "2026-11-22T08:31:02"
    assert (facts.lat, facts.lon) == (30.49, 123.51)
    assert json.loads(json.dumps(facts.as_json()))["lat"] == 30.49


def test_a_zone_is_reported_when_the_camera_wrote_one_and_never_invented() -> None:
    assert look(jpeg(exif=camera_exif(camera={0x9011: "+08:00"}))).taken_at == "2026-11-22T08:31:02+08:00"
    assert look(jpeg(exif=camera_exif(camera={0x9011: "Peking"}))).taken_at == "2026-11-22T08:31:02"


@pytest.mark.parametrize("taken_at", ["0000:00:00 00:00:00", "2026:13:45 99:00:00", "yesterday", ""])
def test_a_time_that_is_none_is_no_fact(taken_at: str) -> None:
    assert look(jpeg(exif=camera_exif(camera={0x9003: taken_at}))).taken_at is None


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "PNG"),
        (b"GIF89a" + bytes(50), "GIF"),
        (b"%PDF-1.7", "PDF"),
        (b"%!PS-Adobe", "PostScript"),
        (b"MM\0*" + bytes(50), "TIFF"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\0\0\0\x18ftypheic" + bytes(50), "HEIC is cut off"),
        (b"\0\0\0\x1cftypavif\0\0\0\0mif1miafavif" + bytes(50), "AVIF"),
        (b"\0\0\0\x18ftypisom\0\0\0\0mp42isom" + bytes(50), "video"),
        (b"II+\0" + bytes(50), "TIFF"),
        (b"\xc5\xd0\xd3\xc6" + bytes(50), "EPS"),
        (b"\0\0\0\x0cJXL " + bytes(50), "JPEG XL"),
        (b"8BPS" + bytes(50), "Photoshop"),
        (b"\xef\xbb\xbf\n <svg/>", "SVG"),
        (b"PK\x03\x04" + bytes(50), "ZIP"),
        (b"just text", "no known picture"),
        (b"\xff\xd8\xff\xd9", "cut off"),
        (b"\xff\xd8" + bytes(500), "cut off"),
    ],
)
def test_other_formats_are_refused_by_their_name(content: bytes, named: str) -> None:
    with pytest.raises(NotAnImage, match=named):
        look(content)


def test_a_cut_header_is_refused_at_every_byte() -> None:
    content = jpeg(exif=camera_exif())
    for end in range(content.rindex(b"\xff\xda") + 2):
        with pytest.raises(NotAnImage):
            look(content[:end])


def test_a_photo_cut_in_its_picture_is_still_evidence() -> None:
    content = jpeg(640, 480)
    assert look(content[:-200]).width == 640


def test_stray_bytes_between_segments_are_tolerated_as_decoders_do() -> None:
    content = jpeg()
    assert look(content[:2] + b"\0\0\xff\xff" + content[2:]).width == 64


def test_a_frame_declared_twice_is_refused() -> None:
    content = jpeg()
    at = content.index(b"\xff\xc0")
    with pytest.raises(NotAnImage, match="twice"):
        look(content[:at] + content[at : at + 19] + content[at:])


@pytest.mark.parametrize("marker", [b"\xff\xc3", b"\xff\xc9", b"\xff\xcb"])
def test_codings_no_camera_uses_are_refused(marker: bytes) -> None:
    with pytest.raises(NotAnImage, match="coded"):
        look(jpeg().replace(b"\xff\xc0", marker, 1))


@pytest.mark.parametrize(("width", "height"), [(0, 48), (64, 0)])
def test_an_empty_picture_is_refused(width: int, height: int) -> None:
    with pytest.raises(NotAnImage, match="empty"):
        look(frame_claiming(width, height))


@pytest.mark.parametrize(("width", "height"), [(16_385, 10), (10, 16_385), (8000, 6251)])
def test_too_many_pixels_are_refused_without_decoding(width: int, height: int) -> None:
    with pytest.raises(PhotoTooLarge, match="pixels"):
        look(frame_claiming(width, height))


def test_the_largest_allowed_picture_is_accepted() -> None:
    assert look(frame_claiming(8000, 6250)).width == 8000


def test_too_many_bytes_are_refused() -> None:
    content = jpeg()
    assert look(content, ImageLimits(max_bytes=len(content))).size == len(content)
    with pytest.raises(PhotoTooLarge, match="bytes"):
        look(content, ImageLimits(max_bytes=len(content) - 1))


def test_a_progressive_bomb_is_refused_by_its_scans() -> None:
    content = jpeg(progressive=True)
    start = content.rindex(b"\xff\xda")
    scan = content[start : content.index(b"\xff", start + 12)]
    assert look(content[:-2] + scan * 50 + b"\xff\xd9").width == 64
    with pytest.raises(PhotoTooLarge, match="100 scans"):
        look(content[:-2] + scan * 100 + b"\xff\xd9")


def test_scans_of_an_embedded_thumbnail_do_not_count() -> None:
    inner = b"\xff\xda" * 200
    content = jpeg()
    assert look(content[:2] + b"\xff\xe2" + struct.pack(">H", len(inner) + 2) + inner + content[2:]).width == 64


HOSTILE = {
    "empty": b"",
    "only the header": b"II*\0",
    "directory outside": b"II*\0\xff\xff\xff\x7f",
    "directory at itself": b"II*\0\0\0\0\0",
    "count lies": tiff(count=65535),
    "exif directory loops to the main one": tiff(entry(0x8769, LONG, 1, struct.pack("<I", 8))),
    "value outside": tiff(entry(0x010F, ASCII, 100, struct.pack("<I", 2**31))),
    "huge count": tiff(entry(0x010F, ASCII, 2**32 - 1, struct.pack("<I", 8))),
    "unknown type": tiff(entry(0x0112, 99, 1, b"\x06")),
    "orientation as text": tiff(entry(0x0112, ASCII, 2, b"6\0")),
    "orientation 9": tiff(entry(0x0112, SHORT, 1, b"\x09")),
    "NULs only": tiff(entry(0x010F, ASCII, 4, b"\0\0\0\0")),
    "zero count": tiff(entry(0x010F, ASCII, 0, b"")),
}


@pytest.mark.parametrize("block", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_lying_exif_block_gives_no_facts_and_no_error(block: bytes) -> None:
    assert read_exif(block) == ExifFacts()


def test_text_is_cut_at_nul_cleaned_and_bounded() -> None:
    long_text = b"A\x07B\n" + "相机".encode() + b"x" * 5000 + b"\0after"
    block = tiff(entry(0x010F, ASCII, len(long_text), struct.pack("<I", 26)), tail=long_text)
    make = read_exif(block).make
    assert make is not None
    assert make.startswith("AB相机xx")
    assert len(make) == 64


def gps(lat: tuple[int, int], ref: bytes = b"N\0") -> bytes:
    place = struct.pack("<H", 4)
    at = 26 + 2 + 4 * 12
    place += entry(1, ASCII, 2, ref) + entry(2, RATIONAL, 3, struct.pack("<I", at))
    place += entry(3, ASCII, 2, b"W\0") + entry(4, RATIONAL, 3, struct.pack("<I", at + 24))
    place += struct.pack("<6I", *lat, 0, 1, 0, 1) + struct.pack("<6I", 10, 1, 30, 1, 0, 1)
    return tiff(entry(0x8825, LONG, 1, struct.pack("<I", 26)), tail=place)


def test_a_western_longitude_is_negative() -> None:
    facts = read_exif(gps((30, 1)))
    assert (facts.lat, facts.lon) == (30.0, -10.5)


@pytest.mark.parametrize(
    "block", [gps((30, 0)), gps((0, 0)), gps((91, 1)), gps((2**32 - 1, 1)), gps((30, 1), b"Q\0"), gps((30, 1), b"\0\0")]
)
def test_half_a_position_is_no_position(block: bytes) -> None:
    assert (read_exif(block).lat, read_exif(block).lon) == (None, None)


@given(st.binary(max_size=400))
def test_no_exif_block_raises(tail: bytes) -> None:
    for start in (b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b""):
        read_exif(start + tail)


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=8))
def test_a_damaged_photo_is_read_or_refused_but_never_crashes(at: int, damage: bytes) -> None:
    content = bytearray(jpeg(exif=camera_exif()))
    at %= len(content)
    content[at : at + len(damage)] = damage
    try:
        look(bytes(content))
    except (NotAnImage, PhotoTooLarge):
        return
