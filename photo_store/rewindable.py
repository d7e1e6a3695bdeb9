"""A source that can be read twice: itself if it can seek, else a copy that leaves memory when it grows."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from photo_store.fingerprint import BLOCK

__all__ = ["rewindable"]

# Bytes kept in memory; a longer copy goes to a temporary file.
MOST_IN_MEMORY = 4 * 1024 * 1024


@contextmanager
def rewindable(source: BinaryIO) -> Iterator[BinaryIO]:
    """Give a stream with the rest of ``source`` on which ``seek`` to the present position works again and again."""
    if source.seekable():
        yield source
        return
    with tempfile.SpooledTemporaryFile(MOST_IN_MEMORY) as copy:
        while block := source.read(BLOCK):
            copy.write(block)
        copy.seek(0)
        yield cast("BinaryIO", copy)  # typeshed does not call it one, although it has every method
