"""The Exif block of a drawn photo: what a phone would claim about time, place and itself."""

from datetime import datetime

from PIL import Image
from PIL.TiffImagePlugin import IFDRational

__all__ = ["exif_block"]

_MAKE, _MODEL, _ORIENTATION, _SOFTWARE, _CAMERA, _GPS = 0x010F, 0x0110, 0x0112, 0x0131, 0x8769, 0x8825
_TAKEN_AT, _OFFSET = 0x9003, 0x9011
_SECOND_PARTS = 10_000


def exif_block(*, taken_at: datetime, lon: float, lat: float, orientation: int, device: str) -> bytes:
    """Write DateTimeOriginal (local, as phones do), its offset if ``taken_at`` has one, position in degrees, device."""
    exif = Image.Exif()
    exif[_MAKE], _, exif[_MODEL] = device.partition(" ")
    exif[_ORIENTATION] = orientation
    exif[_SOFTWARE] = "Xuncha, drawn by code"
    camera = exif.get_ifd(_CAMERA)
    camera[_TAKEN_AT] = taken_at.strftime("%Y:%m:%d %H:%M:%S")
    if taken_at.tzinfo is not None:
        zone = taken_at.strftime("%z")
        camera[_OFFSET] = f"{zone[:3]}:{zone[3:5]}"
    exif.get_ifd(_GPS).update(
        {
            1: "N" if lat >= 0 else "S",
            2: _degrees_minutes_seconds(lat),
            3: "E" if lon >= 0 else "W",
            4: _degrees_minutes_seconds(lon),
        }
    )
    return exif.tobytes()


def _degrees_minutes_seconds(degrees: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    whole, rest = divmod(round(abs(degrees) * 3600 * _SECOND_PARTS), 3600 * _SECOND_PARTS)
    minutes, parts = divmod(rest, 60 * _SECOND_PARTS)
    return IFDRational(whole, 1), IFDRational(minutes, 1), IFDRational(parts, _SECOND_PARTS)
