"""A real phone's photograph, with its rotation and its GPS position, goes all the way to the case page.

The picture comes with the npm package jpeg-exif (its own test picture, an iPhone's); none is in this repository.
"""

import io
from pathlib import Path

import world
from console import console
from flask import Flask
from PIL import Image
from support.field import FieldHandset, Photo, report
from support.office import Office

from server.evidence.jobs import derive_photo

PICTURE = Path(__file__).parents[2] / "frontend/node_modules/jpeg-exif/test/IMG_0001.JPG"


def test_a_phone_photograph_shows_its_own_place_and_time_on_the_case_page(
    app: Flask, city: world.World, collector: FieldHandset
) -> None:
    phone = Photo(PICTURE.read_bytes())
    (result,) = collector.results(collector.item(payload=report(phone)))
    collector.upload(phone)
    page = console(app, city.dispatcher).text(f"/cases/{result['case_id']}")
    # 40° 0' 14.71" N, 116° 21' 14.71" E and 14:49:51, as the file says; the handset's own word stands beside it.
    assert "40.004086" in page
    assert "2016-03-24 14:49:51" in page
    assert "iPhone 6 Plus" in page


def test_a_phone_photograph_held_upright_is_shown_upright(
    app: Flask, city: world.World, collector: FieldHandset
) -> None:
    phone = Photo(PICTURE.read_bytes())
    collector.push(collector.item(payload=report(phone)))
    collector.upload(phone)
    with app.app_context():
        derive_photo.run(phone.sha256)
    reviewer = Office(app, city).headers_of(city.reviewer)
    ask = app.test_client().get
    original, preview = (
        ask(f"/api/v1/photos/{phone.sha256}?rendition={name}", headers=reviewer, buffered=True).data
        for name in ("original", "preview")
    )
    assert original == phone.content
    stored, shown = Image.open(io.BytesIO(original)), Image.open(io.BytesIO(preview))
    assert stored.getexif()[0x0112] == 6  # EXIF orientation: to be turned a quarter clockwise
    upright = stored.convert("L").resize((32, 32)).transpose(Image.Transpose.ROTATE_270)
    lying = stored.convert("L").resize((32, 32))
    seen = shown.convert("L").resize((32, 32))
    assert difference(seen, upright) < difference(seen, lying) / 4
    assert not shown.getexif()


def difference(one: Image.Image, other: Image.Image) -> int:
    """Return how far two small grey pictures are apart."""
    return sum(abs(a - b) for a, b in zip(one.tobytes(), other.tobytes(), strict=True))
