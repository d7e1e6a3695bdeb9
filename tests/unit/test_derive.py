"""Renditions: right size, upright, pixels only, made once."""

import hashlib
import io

import pytest
from PIL import Image, ImageCms

from photo_store.blobs import BlobMissing, original_key, rendition_key
from photo_store.derive import RECIPE, Derived, NotDerivable, derive
from photo_store.memory import MemoryBlobs

RED, BLUE = (200, 30, 30), (30, 30, 200)


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


def test_a_small_photo_is_not_blown_up() -> None:
    blobs = MemoryBlobs()
    sha256 = keep(blobs, photo(200, 100))
    derive(blobs, sha256)
    assert rendition(blobs, sha256, "preview").size == (200, 100)
    assert rendition(blobs, sha256, "thumbnail").size == (200, 100)


@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [
        (1, (1600, 800), (10, 400)),
        (2, (1600, 800), (1590, 400)),
        (3, (1600, 800), (1590, 400)),
        (4, (1600, 800), (10, 400)),
        (5, (800, 1600), (400, 10)),
        (6, (800, 1600), (400, 10)),
        (7, (800, 1600), (400, 1590)),
        (8, (800, 1600), (400, 1590)),
    ],
)
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


def test_deriving_again_changes_nothing_and_decodes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = MemoryBlobs()
    sha256 = keep(blobs, photo(orientation=6))
    first = derive(blobs, sha256)
    assert first == Derived(900, 1800, first.sizes)

    def no_decoding(*_: object, **__: object) -> None:
        pytest.fail("decoded again")

    monkeypatch.setattr(Image, "open", no_decoding)
    assert derive(blobs, sha256) == first


def test_a_lost_thumbnail_is_made_again_beside_an_older_preview() -> None:
    blobs = MemoryBlobs()
    sha256 = keep(blobs, photo())
    blobs.put(rendition_key(sha256, "preview", RECIPE), io.BytesIO(b"made by another encoder"))
    derived = derive(blobs, sha256)
    assert rendition(blobs, sha256, "thumbnail").size == (320, 160)
    assert derived.sizes["preview"] == len(b"made by another encoder")


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
