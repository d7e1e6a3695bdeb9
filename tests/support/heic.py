"""HEIC files as phones write them, encoded by pillow-heif: how a picture lies is a property of the file."""

import io

import pillow_heif
from PIL import Image


def heic(
    picture: Image.Image, orientation: int = 1, *, exif: Image.Exif | None = None, tile: int | None = None
) -> bytes:
    """Encode ``picture``; ``orientation`` (Exif 1..8) becomes irot and imir; ``tile``: side of tiles in a grid."""
    claims = exif or Image.Exif()
    claims[0x0112] = orientation
    target = io.BytesIO()
    how = {} if tile is None else {"tile_size": tile}
    pillow_heif.from_pillow(picture.convert("RGB")).save(target, quality=60, exif=claims.tobytes(), **how)
    return target.getvalue()
