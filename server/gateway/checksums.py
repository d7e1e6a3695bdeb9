"""The tus extension `checksum`: a body that names its own hash is held back until it proves it.

Knows HTTP's header and hashes, nothing of uploads.
"""

import base64
import binascii
import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from server.problems import Problem

# What tus demands (sha1), what stock clients send (md5), and what is worth sending.
ALGORITHMS = ("sha1", "sha256", "md5")
_IN_MEMORY = 1024 * 1024
_PIECE = 64 * 1024


@contextmanager
def proven(header: str, body: Iterable[bytes], promised: int | None) -> Iterator[Iterator[bytes]]:
    """Give the pieces of a body once its hash has turned out to be ``header`` (``algorithm base64``).

    Raises bad-request for a header that names none of ALGORITHMS or a body that ends early, hash-mismatch for
    another hash: the upload is as it was, and the same piece can be sent again.
    """
    name, _, value = header.strip().partition(" ")
    if name not in ALGORITHMS:
        raise Problem("bad-request", f"Upload-Checksum may be {', '.join(ALGORITHMS)}.")
    try:
        expected = base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise Problem("bad-request", "Upload-Checksum must be the algorithm and the hash in base64.") from error
    hashed, size = hashlib.new(name, usedforsecurity=False), 0
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as kept:
        for piece in body:
            kept.write(piece)
            hashed.update(piece)
            size += len(piece)
        if promised is not None and size < promised:
            raise Problem("bad-request", "The body ended early; nothing of it was kept, since its hash is unproven.")
        if hashed.digest() != expected:
            raise Problem("hash-mismatch")
        kept.seek(0)
        yield iter(lambda: kept.read(_PIECE), b"")
