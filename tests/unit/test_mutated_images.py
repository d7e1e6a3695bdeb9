"""Hundreds of mutated images: each refused or accepted for the reason its mutation gives it, no crash, no hang."""

import hashlib
import io
import re
from collections import Counter, defaultdict

import pytest
from support.mutations.corpus import corpus
from support.mutations.mutant import ANY, Mutant

from photo_store.decoder import DecodeLost, NotDerivable, decode, seen
from photo_store.inspect_image import ImageFacts, ImageLimits, NotAnImage, PhotoTooLarge, inspect
from photo_store.sandbox import Parcel

FAMILIES = (
    "jpeg cut",
    "jpeg flipped",
    "jpeg wrong_markers",
    "jpeg lies_of_size",
    "jpeg lies_of_length",
    "jpeg two_things",
    "jpeg scan_bombs",
    "jpeg lying_exif",
    "jpeg lying_profiles",
    "heic cut",
    "heic flipped",
    "heic lies_of_size",
    "heic lying_boxes",
    "heic damaged_header",
    "strangers",
)


@pytest.fixture(scope="module")
def mutants() -> dict[str, list[Mutant]]:
    found = defaultdict(list)
    for family, mutant in corpus():
        found[family].append(mutant)
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_each_mutant_ends_as_its_mutation_says(mutants: dict[str, list[Mutant]], family: str) -> None:
    wrong = [f"{mutant.name}: {complaint}" for mutant in mutants[family] if (complaint := complaint_about(mutant))]
    assert wrong == []


def test_there_are_hundreds_all_different_and_nearly_all_with_an_expectation(mutants: dict[str, list[Mutant]]) -> None:
    everyone = [mutant for family in FAMILIES for mutant in mutants[family]]
    assert set(mutants) == set(FAMILIES)
    assert len({mutant.content for mutant in everyone}) == len(everyone)
    told = Counter(mutant.refused == ANY for mutant in everyone)
    assert told[False] >= 500


def test_the_same_seed_gives_the_same_corpus(mutants: dict[str, list[Mutant]]) -> None:
    again = [mutant for _, mutant in corpus()]
    assert digest(again) == digest([mutant for family in mutants.values() for mutant in family])
    assert digest(again) != digest([mutant for _, mutant in corpus(1)])


def digest(mutants: list[Mutant]) -> str:
    ordered = sorted(mutants, key=lambda mutant: mutant.name)
    return hashlib.sha256(b"".join(mutant.content for mutant in ordered)).hexdigest()


def complaint_about(mutant: Mutant) -> str | None:
    """Receive and show a mutant; say what was not as its mutation wants it."""
    try:
        facts = inspect(io.BytesIO(mutant.content), ImageLimits())
    except (NotAnImage, PhotoTooLarge) as refusal:
        if mutant.refused is None:
            return f"refused: {refusal}"
        if mutant.refused != ANY and not re.search(mutant.refused, str(refusal)):
            return f"refused for another reason: {refusal}"
        return None
    if mutant.refused not in (None, ANY):
        return "accepted"
    return complaint_about_claims(facts) or complaint_about_showing(mutant, facts)


def complaint_about_claims(facts: ImageFacts) -> str | None:
    texts = (facts.make, facts.model, facts.taken_at)
    if any(text is not None and not text.isprintable() for text in texts):
        return f"control characters in {texts}"
    return None if facts.orientation in range(1, 9) else f"orientation {facts.orientation}"


def complaint_about_showing(mutant: Mutant, facts: ImageFacts) -> str | None:
    try:
        decode("renditions", Parcel("", {**seen(facts)}, {"original": mutant.content}))
    except DecodeLost as loss:
        return f"the decoder died: {loss}"
    except NotDerivable as refusal:
        return f"not shown: {refusal}" if mutant.shown else None
    return "shown" if mutant.shown is False else None
