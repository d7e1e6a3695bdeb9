"""The corpus: our own drawings, mutated. The same seed gives the same bytes; all of them differ."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from random import Random

from PIL import Image
from support.heic import heic
from support.mutations import claims, heics, jpegs, strangers
from support.mutations.mutant import Mutant

from photo_store.drawn import draw

SEED = 20261122
SIZE = (160, 120)


def drawn(seed: int) -> bytes:
    """Draw a small photograph with a camera's claims."""
    moment = datetime(2026, 11, 22, 8, 31, 2)  # noqa: DTZ001  # a camera's own time
    return draw("waterlogging", seed, taken_at=moment, lon=123.5, lat=30.49, size=SIZE)


def progressive(content: bytes) -> bytes:
    """Encode a photograph anew as a progressive JPEG."""
    target = io.BytesIO()
    Image.open(io.BytesIO(content)).save(target, "JPEG", progressive=True, quality=80)
    return target.getvalue()


def corpus(seed: int = SEED) -> Iterator[tuple[str, Mutant]]:
    """Yield the mutants with the names of their families."""
    random = Random(seed)  # noqa: S311  # repeatable on purpose
    first, second = drawn(1), drawn(2)
    picture = Image.open(io.BytesIO(first))
    bases = {"baseline": first, "progressive": progressive(second)}
    for kind, base in bases.items():
        for family in jpegs.FAMILIES:
            yield from _named(f"jpeg {family.__name__}", kind, family(base, random))
    yield from _named("jpeg scan_bombs", "progressive", jpegs.scan_bombs(bases["progressive"], random))
    for family in claims.FAMILIES:
        yield from _named(f"jpeg {family.__name__}", "baseline", family(first, random))
    for kind, base in (("whole", heic(picture)), ("turned", heic(picture, 6)), ("tiles", heic(picture, tile=64))):
        for change in heics.FAMILIES if kind == "whole" else (heics.flipped, heics.damaged_header):
            yield from _named(f"heic {change.__name__}", kind, change(base, random))
    yield from _named("strangers", "picture", strangers.encoded(picture))
    yield from _named("strangers", "head", strangers.strangers(random))


def _named(family: str, base: str, mutants: Iterator[Mutant]) -> Iterator[tuple[str, Mutant]]:
    for mutant in mutants:
        yield family, replace(mutant, name=f"{family}, {base}: {mutant.name}")
