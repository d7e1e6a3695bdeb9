"""The blob store's port: where the bytes of photos lie, whatever holds them.

A blob is written once and never changed. Keys are relative paths whose parts begin with a letter or digit, so
that no key can climb out of a folder. Implementations: :mod:`photo_store.disk`, :mod:`photo_store.s3`,
:mod:`photo_store.memory`, and around another one :mod:`photo_store.spooling`, :mod:`photo_store.rendition_cache`; all
pass :class:`photo_store.contract.BlobStoreContract`. Knows no photo row and no user: who may read a blob is
decided above.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from photo_store.fingerprint import is_sha256

__all__ = [
    "BlobError",
    "BlobMismatch",
    "BlobMissing",
    "BlobStore",
    "BlobUnavailable",
    "check_key",
    "is_original",
    "is_rendition",
    "original_key",
    "rendition_key",
]

KEY_LENGTH = 512
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


class BlobError(Exception):
    """Whatever a blob store can answer instead of doing what it was asked."""


class BlobMissing(BlobError):
    """The store works and holds nothing under this key."""


class BlobUnavailable(BlobError):
    """The store cannot be asked now (disk gone, full, not mounted, network down): try again later."""


class BlobMismatch(BlobError):
    """The bytes are not what was declared, or the key already holds a blob of another size."""


class BlobStore(Protocol):
    """Write-once storage of byte strings under keys."""

    def put(self, key: str, source: BinaryIO, *, sha256: str | None = None, size: int | None = None) -> bool:
        """Store ``source`` read to its end; on return the bytes survive power loss.

        True: written by this call. False: a blob of the same size was there already and stays untouched.
        The hash of ``source`` is checked in both cases when ``sha256`` is given. Nobody ever sees a part of it.

        Raises BlobMismatch, BlobUnavailable; ValueError for a key that :func:`check_key` refuses.
        """
        ...

    def open(self, key: str) -> BinaryIO:
        """Open a blob for reading; seekable. Raises BlobMissing, BlobUnavailable."""
        ...

    def exists(self, key: str) -> bool:
        """Tell whether the key holds a blob. Raises BlobUnavailable."""
        ...

    def size(self, key: str) -> int:
        """Length in bytes. Raises BlobMissing, BlobUnavailable."""
        ...

    def delete(self, key: str) -> None:
        """Remove the blob; no error when there is none. Raises BlobUnavailable."""
        ...

    def keys(self, prefix: str = "") -> Iterator[str]:
        """All keys that begin with ``prefix`` (any text, not only whole parts), in no promised order."""
        ...


def check_key(key: str) -> str:
    """Return ``key`` if it is one we write; ValueError otherwise (a mistake of the caller, never of a user)."""
    if len(key) > KEY_LENGTH or _KEY.fullmatch(key) is None:
        message = f"not a blob key: {key[:80]!r}"
        raise ValueError(message)
    return key


def original_key(sha256: str) -> str:
    """Key of the original bytes of a photo: ``original/ab/cd/<sha256>``."""
    return f"original/{_fanned(sha256)}"


def rendition_key(sha256: str, rendition: str, recipe: str) -> str:
    """Key of a picture derived from an original; the recipe in front, so that an old recipe goes in one sweep."""
    return check_key(f"rendition/{recipe}/{rendition}/{_fanned(sha256)}")


def is_original(key: str) -> bool:
    """Tell whether a key is that of an original; its last part is then the hash of the bytes."""
    return key.startswith("original/")


def is_rendition(key: str) -> bool:
    """Tell whether a key is that of a picture derived from an original, which can be made again."""
    return key.startswith("rendition/")


def _fanned(sha256: str) -> str:
    if not is_sha256(sha256):
        message = f"not a SHA-256 in lower-case hex: {sha256[:80]!r}"
        raise ValueError(message)
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"
