"""Thumbnail, preview and likeness of an original, made once and kept under keys that name the recipe.

Derived pictures hold pixels only: no Exif, no comment, no profile, so that no position or device leaks through a
thumbnail. A new recipe makes new keys and the old ones are swept. What is decoded is decoded in a child
(:mod:`photo_store.decoder`). Knows no photo row and no queue.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass

import PIL

from photo_store.blobs import BlobStore, original_key, rendition_key
from photo_store.decoder import DecodeLost, DecoderUnavailable, NotDerivable, decode, seen
from photo_store.inspect_image import ImageFacts, ImageLimits, NotAnImage, PhotoTooLarge, inspect
from photo_store.likeness import Likeness
from photo_store.sandbox import Parcel

__all__ = [
    "FORMER_RECIPES",
    "RECIPE",
    "RENDITIONS",
    "Decode",
    "DecodeLost",
    "DecoderUnavailable",
    "Derived",
    "NotDerivable",
    "assert_pillow",
    "derive",
    "original_of",
]

RECIPE = "r3"
FORMER_RECIPES = ("r1", "r2")
RENDITIONS = ("thumbnail", "preview")
OLDEST_PILLOW = 13
_SIDEWAYS = {5, 6, 7, 8}
Decode = Callable[[str, Parcel], Parcel]


@dataclass(frozen=True, slots=True)
class Derived:
    """``width``, ``height``: pixels of the original as a viewer shows it; ``sizes``: bytes of each rendition.

    ``embedded``: in how many of 256 bits the thumbnail inside the file looks different; None where there is none.
    """

    width: int
    height: int
    sizes: dict[str, int]
    likeness: Likeness
    embedded: int | None


def assert_pillow() -> None:
    """Stop the program if Pillow is older than the release that refuses what older ones decode unsafely."""
    if int(PIL.__version__.split(".")[0]) < OLDEST_PILLOW:
        message = f"Pillow {PIL.__version__} is too old: install Pillow {OLDEST_PILLOW} or newer"
        raise RuntimeError(message)


def derive(blobs: BlobStore, sha256: str, decode: Decode = decode) -> Derived:
    """Make the renditions of an original that are not there yet, and say how it looks.

    ``decode`` makes them; only who drew the picture itself has another. Raises NotDerivable (DecodeLost where a second
    attempt is worth it), DecoderUnavailable, and BlobMissing or BlobUnavailable from the store.
    """
    facts, content = original_of(blobs, sha256)
    answer = decode("renditions", Parcel("", {**seen(facts)}, {"original": content}))
    keys = {rendition: rendition_key(sha256, rendition, RECIPE) for rendition in RENDITIONS}
    for rendition, key in keys.items():
        if not blobs.exists(key):
            blobs.put(key, io.BytesIO(answer.files[rendition]))
    width, height = (facts.height, facts.width) if facts.orientation in _SIDEWAYS else (facts.width, facts.height)
    return Derived(width, height, {rendition: blobs.size(key) for rendition, key in keys.items()}, *_looks(answer))


def original_of(blobs: BlobStore, sha256: str) -> tuple[ImageFacts, bytes]:
    """Read and inspect an original. Raises NotDerivable, BlobMissing, BlobUnavailable."""
    with blobs.open(original_key(sha256)) as original:
        content = original.read()
    try:
        return inspect(io.BytesIO(content), ImageLimits()), content
    except (NotAnImage, PhotoTooLarge) as refusal:
        raise NotDerivable(str(refusal)) from refusal


def _looks(answer: Parcel) -> tuple[Likeness, int | None]:
    likeness = Likeness(bytes.fromhex(str(answer.facts["likeness"])), bool(answer.facts["flat"]))
    embedded = answer.facts["embedded"]
    return likeness, None if embedded is None else int(embedded)


assert_pillow()
