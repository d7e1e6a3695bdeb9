"""What the decoding children can do, by name.

Importing this loads all that decoding needs and does everything once: libraries import parts of themselves at first
use, which is too late where no file can be opened any more.
"""

import contextlib
from collections.abc import Callable, Mapping

from PIL import Image

from photo_store.inspect_image import JPEG
from photo_store.painting import redactions, stamped
from photo_store.pixels import jpeg
from photo_store.renditions import renditions
from photo_store.sandbox import Parcel

__all__ = ["TASKS"]

TASKS: Mapping[str, Callable[[Parcel], Parcel]] = {
    "renditions": renditions,
    "redactions": redactions,
    "stamped": stamped,
}


def _do_everything_once() -> None:
    picture = jpeg(Image.linear_gradient("L").convert("RGB"), 50)
    facts = {"media_type": JPEG, "orientation": 6, "regions": [[0.1, 0.1, 0.5, 0.5]], "lines": ["a"]}
    renditions(Parcel("", facts, {"original": picture}))
    redactions(Parcel("", facts, {"original": picture}))
    stamped(Parcel("", facts, {"picture": picture}))
    # Raising is done once, too.
    with contextlib.suppress(Exception):
        renditions(Parcel("", facts, {"original": picture[:-200]}))


_do_everything_once()
