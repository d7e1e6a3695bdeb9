"""Renditions: right size, upright, pixels only, made once."""

import hashlib
import io
import struct
from datetime import datetime

import pytest
from PIL import Image, ImageCms, JpegImagePlugin
from support.heic import heic

from photo_store.blobs import BlobMissing, original_key, rendition_key
from photo_store.derive import RECIPE, NotDerivable, derive
from photo_store.drawn import draw
from photo_store.likeness import PERHAPS_SAME_PLACE, SAME, distance, likeness_of
from photo_store.memory import MemoryBlobs

RED, BLUE = (200, 30, 30), (30, 30, 200)
UPRIGHT = [
    (1, (1600, 800), (10, 400)),
    (2, (1600, 800), (1590, 400)),
    (3, (1600, 800), (1590, 400)),
    (4, (1600, 800), (10, 400)),
    (5, (800, 1600), (400, 10)),
    (6, (800, 1600), (400, 10)),
    (7, (800, 1600), (400, 1590)),
    (8, (800, 1600), (400, 1590)),
]


def photo(width: int = 1800, height: int = 900, *, orientation: int = 1, mode: str = "RGB", **how: object) -> bytes:
    """Left half red, right half blue, as stored."""
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(BLUE, (width // 2, 0, width, height))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretMake"
    target = io.BytesIO()
    picture.convert(mode).save(target, "JPEG", exif=exif, comment=b"secret comment", **how)
    return target.getvalue()


def keep(blobs: MemoryBlobs, content: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    blobs.put(original_key(sha256), io.BytesIO(content))
    return sha256


def rendition(blobs: MemoryBlobs, sha256: str, name: str) -> Image.Image:
    return Image.open(blobs.open(rendition_key(sha256, name, RECIPE)))


def close(seen: object, wanted: tuple[int, int, int]) -> bool:
    assert isinstance(seen, tuple)
    return all(abs(a - b) < 12 for a, b in zip(seen, wanted, strict=True))


def test_a_photo_becomes_a_preview_and_a_thumbnail() -> None:
    blobs = MemoryBlobs()
    sha256 = keep(blobs, photo())
    derived = derive(blobs, sha256)
    preview, thumbnail = rendition(blobs, sha256, "preview"), rendition(blobs, sha256, "thumbnail")
    assert (preview.format, preview.size) == ("JPEG", (1600, 800))
    assert (thumbnail.format, thumbnail.size) == ("WEBP", (320, 160))
    assert (derived.width, derived.height) == (1800, 900)
    assert derived.sizes == {name: blobs.size(rendition_key(sha256, name, RECIPE)) for name in ("thumbnail", "preview")}


def test_the_preview_of_a_grainy_photo_is_encoded_more_coarsely() -> None:
    blobs, grainy = MemoryBlobs(), io.BytesIO()
    Image.effect_noise((1600, 1200), 40.0).convert("RGB").save(grainy, "JPEG", quality=85)
    steps = []
    for content in (photo(), grainy.getvalue()):
        sha256 = keep(blobs, content)
        derive(blobs, sha256)
        preview = rendition(blobs, sha256, "preview")
        assert isinstance(preview, JpegImagePlugin.JpegImageFile)
        steps.append(sum(preview.quantization[0]))
    assert steps[0] < steps[1]


def test_a_small_photo_is_not_blown_up() -> None:
    blobs = MemoryBlobs()
    sha256 = keep(blobs, photo(200, 100))
    derive(blobs, sha256)
    assert rendition(blobs, sha256, "preview").size == (200, 100)
    assert rendition(blobs, sha256, "thumbnail").size == (200, 100)


@pytest.mark.parametrize(("orientation", "size", "red_at"), UPRIGHT)
def test_every_orientation_is_shown_upright(orientation: int, size: tuple[int, int], red_at: tuple[int, int]) -> None:
    blobs = MemoryBlobs()
    sha256 = keep(blobs, photo(orientation=orientation))
    derived = derive(blobs, sha256)
    preview = rendition(blobs, sha256, "preview")
    assert preview.size == size
    assert close(preview.getpixel(red_at), RED)
    assert (derived.width > derived.height) == (orientation < 5)


def test_renditions_hold_pixels_only() -> None:
    blobs = MemoryBlobs()
    sha256 = keep(blobs, photo(icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()))
    derive(blobs, sha256)
    for name in ("preview", "thumbnail"):
        content = blobs.open(rendition_key(sha256, name, RECIPE)).read()
        assert b"ecret" not in content
        assert not Image.open(io.BytesIO(content)).getexif()
        assert "icc_profile" not in Image.open(io.BytesIO(content)).info


def profile_with_red_and_blue_swapped() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))


def test_a_profile_is_converted_not_just_stripped() -> None:
    blobs = MemoryBlobs()
    sha256 = keep(blobs, photo(icc_profile=profile_with_red_and_blue_swapped()))
    derive(blobs, sha256)
    assert close(rendition(blobs, sha256, "preview").getpixel((10, 400)), RED[::-1])


def test_a_broken_profile_does_not_cost_the_picture() -> None:
    blobs = MemoryBlobs()
    sha256 = keep(blobs, photo(icc_profile=b"no profile at all"))
    derive(blobs, sha256)
    assert close(rendition(blobs, sha256, "preview").getpixel((10, 400)), RED)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_cmyk_photos_become_rgb(mode: str) -> None:
    blobs = MemoryBlobs()
    sha256 = keep(blobs, photo(mode=mode))
    derive(blobs, sha256)
    assert rendition(blobs, sha256, "preview").mode == "RGB"


def test_deriving_again_changes_nothing() -> None:
    blobs = MemoryBlobs()
    sha256 = keep(blobs, photo(orientation=6))
    first = derive(blobs, sha256)
    assert (first.width, first.height) == (900, 1800)
    kept = {key: blobs.open(key).read() for key in blobs.keys()}  # noqa: SIM118  # a store is no dict
    assert derive(blobs, sha256) == first
    assert {key: blobs.open(key).read() for key in blobs.keys()} == kept  # noqa: SIM118


def test_how_a_picture_looks_is_that_of_its_thumbnail_as_stored() -> None:
    blobs = MemoryBlobs()
    content = draw("road_damage", 5, taken_at=datetime(2026, 11, 22, 8), lon=123.5, lat=30.5, size=(1200, 900))  # noqa: DTZ001  # a camera's
    sha256 = keep(blobs, content)
    derived = derive(blobs, sha256)
    assert derived.likeness == likeness_of(rendition(blobs, sha256, "thumbnail"))
    assert not derived.likeness.flat
    assert distance(derived.likeness.bits, likeness_of(Image.open(io.BytesIO(content))).bits) <= SAME


def test_a_thumbnail_inside_that_shows_something_else_is_noticed() -> None:
    blobs = MemoryBlobs()
    taken = {"taken_at": datetime(2026, 11, 22, 8), "lon": 123.5, "lat": 30.5, "size": (800, 600)}  # noqa: DTZ001
    own, other = (Image.open(io.BytesIO(draw("road_damage", seed, **taken))) for seed in (5, 6))
    honest = derive(blobs, keep(blobs, with_thumbnail(own, own)))
    edited = derive(blobs, keep(blobs, with_thumbnail(own, other)))
    assert honest.embedded is not None
    assert edited.embedded is not None
    assert honest.embedded <= SAME < PERHAPS_SAME_PLACE < edited.embedded
    assert derive(blobs, keep(blobs, photo())).embedded is None


def with_thumbnail(picture: Image.Image, hidden: Image.Image) -> bytes:
    """Make a JPEG whose Exif block carries a small JPEG, as cameras write it (Exif 2.32, 4.5.5)."""
    small = io.BytesIO()
    hidden.convert("RGB").resize((160, 120)).save(small, "JPEG")
    content = small.getvalue()
    entries = (
        struct.pack("<H", 2) + struct.pack("<HHII", 0x0201, 4, 1, 44) + struct.pack("<HHII", 0x0202, 4, 1, len(content))
    )
    block = b"II*\0" + struct.pack("<IHI", 8, 0, 14) + entries + struct.pack("<I", 0) + content
    target = io.BytesIO()
    picture.convert("RGB").save(target, "JPEG", exif=b"Exif\0\0" + block)
    return target.getvalue()


def test_a_lost_thumbnail_is_made_again_beside_an_older_preview() -> None:
    blobs = MemoryBlobs()
    sha256 = keep(blobs, photo())
    blobs.put(rendition_key(sha256, "preview", RECIPE), io.BytesIO(b"made by another encoder"))
    derived = derive(blobs, sha256)
    assert rendition(blobs, sha256, "thumbnail").size == (320, 160)
    assert derived.sizes["preview"] == len(b"made by another encoder")


@pytest.mark.parametrize(("orientation", "size", "red_at"), UPRIGHT)
def test_a_heic_is_shown_upright(orientation: int, size: tuple[int, int], red_at: tuple[int, int]) -> None:
    # A quarter of the others' size, above that of a thumbnail: encoding a large HEIC takes seconds.
    blobs = MemoryBlobs()
    sha256 = keep(blobs, heic(Image.open(io.BytesIO(photo(400, 200))), orientation))
    derived = derive(blobs, sha256)
    preview = rendition(blobs, sha256, "preview")
    assert (preview.format, preview.size) == ("JPEG", (size[0] // 4, size[1] // 4))
    assert close(preview.getpixel((red_at[0] // 4, red_at[1] // 4)), RED)
    assert (derived.width > derived.height) == (orientation < 5)
    assert max(rendition(blobs, sha256, "thumbnail").size) == 320


def test_a_damaged_original_is_reported_and_stays() -> None:
    blobs = MemoryBlobs()
    content = photo()
    sha256 = keep(blobs, content[: len(content) * 2 // 3])
    with pytest.raises(NotDerivable):
        derive(blobs, sha256)
    assert list(blobs.keys()) == [original_key(sha256)]


def test_what_is_no_picture_is_not_decoded() -> None:
    blobs = MemoryBlobs()
    with pytest.raises(NotDerivable):
        derive(blobs, keep(blobs, b"%PDF-1.7"))


def test_a_missing_original_is_missing() -> None:
    with pytest.raises(BlobMissing):
        derive(MemoryBlobs(), "0" * 64)


def test_a_heic_in_tiles_is_one_picture() -> None:
    blobs = MemoryBlobs()
    sha256 = keep(blobs, heic(Image.open(io.BytesIO(photo(1100, 600))), 6, tile=256))
    derived = derive(blobs, sha256)
    assert (derived.width, derived.height) == (600, 1100)
    assert close(rendition(blobs, sha256, "preview").getpixel((300, 10)), RED)
    assert close(rendition(blobs, sha256, "preview").getpixel((300, 1090)), BLUE)
