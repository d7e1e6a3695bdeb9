"""The look-alike index against looking at every photograph, on both databases."""

import hashlib
from random import Random

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from photo_store.likeness import SAME, Likeness, distance
from server.db import read, transact
from server.evidence.likenesses import remember, same_pictures


def turned(random: Random, bits: bytes, count: int) -> bytes:
    number = int.from_bytes(bits)
    for place in random.sample(range(256), count):
        number ^= 1 << place
    return number.to_bytes(32)


def crowd(random: Random) -> dict[str, Likeness]:
    """Return likenesses around a few pictures, near and far, of which one in ten is flat."""
    centres = [random.randbytes(32) for _ in range(6)]
    made = [turned(random, random.choice(centres), random.randrange(60)) for _ in range(240)]
    return {
        hashlib.sha256(number.to_bytes(2)).hexdigest(): Likeness(bits, flat=random.random() < 0.1)
        for number, bits in enumerate(made)
    }


@pytest.mark.parametrize("seed", range(3))
def test_a_search_finds_exactly_what_looking_at_everything_finds(app: Flask, seed: int) -> None:
    random = Random(seed)  # noqa: S311 (examples, not a secret)
    known = crowd(random)

    def fill(session: Session) -> None:
        for sha256, likeness in known.items():
            remember(session, sha256, likeness)

    with app.app_context():
        transact(fill)
        found = 0
        for _ in range(60):
            asked = turned(random, random.choice(list(known.values())).bits, random.randrange(40))
            far = {sha256: distance(asked, one.bits) for sha256, one in known.items() if not one.flat}
            expected = {sha256: bits for sha256, bits in far.items() if bits <= SAME}
            assert read(same_pictures, asked) == expected
            found += len(expected)
    # Otherwise nothing was tried: some pictures of a crowd are alike.
    assert found > 100
