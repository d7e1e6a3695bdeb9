"""Photographs for the verification rows: true JPEGs of any number, each made anew from its seed in no time."""

import hashlib
import io
import random
from dataclasses import dataclass
from functools import cache

from PIL import Image

# Side of a noise picture in pixels: about 4, 60 and 200 kB, so one, several and many segments of an upload.
SIDES = (64, 256, 480)


@dataclass(frozen=True)
class Shot:
    """A photograph known by its seed: nobody keeps the bytes of thousands."""

    seed: int
    side: int
    sha256: str
    size: int

    @property
    def content(self) -> bytes:
        """Return the bytes."""
        return _content(self.seed, self.side)

    def declared(self) -> dict[str, object]:
        """Declare it as an item's payload does."""
        return {
            "role": "near",
            "sha256": self.sha256,
            "size": self.size,
            "media_type": "image/jpeg",
            "source": "camera",
        }


def shot(seed: int, side: int) -> Shot:
    """Return the photograph of this seed."""
    content = _content(seed, side)
    return Shot(seed, side, hashlib.sha256(content).hexdigest(), len(content))


def _content(seed: int, side: int) -> bytes:
    """Put a comment of its own into a picture that is drawn once."""
    comment = f"shot {seed}".encode()
    return b"\xff\xd8\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment + _noise(side)[2:]


@cache
def _noise(side: int) -> bytes:
    made = io.BytesIO()
    pixels = random.Random(side).randbytes(side * side)  # noqa: S311 (a picture, no secret)
    Image.frombytes("L", (side, side), pixels).save(made, "JPEG", quality=88)
    return made.getvalue()
