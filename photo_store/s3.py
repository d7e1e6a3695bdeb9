"""Blobs in a bucket of an S3 server.

Configuration: a client of :mod:`photo_store.s3_client` and the bucket, which must exist.

Implementation: the source is hashed first, then sent with its SHA-256 in a header and ``If-None-Match: *``, so that
the server refuses both damaged bytes and a second blob under a key. A blob whose hash was declared (an original) is
read back and hashed before ``put`` returns, whoever wrote it: a handset deletes its own copy on our word.

Considerations: what the server enforces is tried once per process, at the first ``put``; where it ignores the
condition we look before we write. Raises BlobUnavailable for everything but a key that the server says is not there.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, BinaryIO

from botocore.exceptions import ClientError

from photo_store.blobs import BlobMismatch, BlobMissing, BlobUnavailable, check_key
from photo_store.fingerprint import Digest, digest
from photo_store.rewindable import rewindable
from photo_store.s3_check import StoreAbilities, examine_store, header_of
from photo_store.s3_errors import s3_errors, status_of
from photo_store.s3_stream import open_stream

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["S3Blobs"]

# Two writers of one key at the same moment: the server asks to come again.
CONFLICTS = 6


class S3Blobs:
    """A :class:`photo_store.blobs.BlobStore` in ``bucket``; ``examined`` is told what the server enforces, once."""

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        examined: Callable[[StoreAbilities], object] = lambda _: None,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._examined = examined
        self._abilities: StoreAbilities | None = None
        self._lock = threading.Lock()

    def abilities(self) -> StoreAbilities:
        """Return what the server enforces, tried at the first call. Raises BlobUnavailable."""
        if self._abilities is not None:
            return self._abilities
        # Not under the lock: of a dead server everybody would learn only after all before him.
        found = examine_store(self._client, self._bucket)
        with self._lock:
            is_first, self._abilities = self._abilities is None, found
        if is_first:
            self._examined(found)
        return found

    def put(self, key: str, source: BinaryIO, *, sha256: str | None = None, size: int | None = None) -> bool:
        """See :meth:`photo_store.blobs.BlobStore.put`."""
        check_key(key)
        with rewindable(source) as body:
            start = body.tell()
            written = digest(body)
            if sha256 not in (None, written.sha256) or size not in (None, written.size):
                message = f"{key}: declared {sha256}, {size} bytes; got {written.sha256}, {written.size} bytes"
                raise BlobMismatch(message)

            def rewound() -> BinaryIO:
                body.seek(start)
                return body

            mine = self._send(key, rewound, written)
        if not mine and self._size_of_taken(key) != written.size:
            message = f"{key} is there already with another size than {written.size} bytes"
            raise BlobMismatch(message)
        if sha256 is not None:
            self._read_back(key, written, mine=mine)
        return mine

    def open(self, key: str) -> BinaryIO:
        """See :meth:`photo_store.blobs.BlobStore.open`."""
        return open_stream(self._client, self._bucket, check_key(key))

    def exists(self, key: str) -> bool:
        """See :meth:`photo_store.blobs.BlobStore.exists`."""
        try:
            self.size(key)
        except BlobMissing:
            return False
        return True

    def size(self, key: str) -> int:
        """See :meth:`photo_store.blobs.BlobStore.size`."""
        check_key(key)
        with s3_errors(key):
            try:
                return int(self._client.head_object(Bucket=self._bucket, Key=key)["ContentLength"])
            except ClientError as error:
                if status_of(error) != HTTPStatus.NOT_FOUND:
                    raise
            # An answer to HEAD has no body to say what is missing: the object, or the whole bucket.
            self._client.head_bucket(Bucket=self._bucket)
        message = f"{key}: not in the bucket"
        raise BlobMissing(message)

    def delete(self, key: str) -> None:
        """See :meth:`photo_store.blobs.BlobStore.delete`. In a bucket with versions the former content stays there."""
        with s3_errors(check_key(key)):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """See :meth:`photo_store.blobs.BlobStore.keys`."""
        with s3_errors(f"the list of {prefix}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            for page in pages:
                yield from [found["Key"] for found in page.get("Contents", ())]

    def _send(self, key: str, rewound: Callable[[], BinaryIO], written: Digest) -> bool:
        """Write the object unless the key is taken; tell whether this call wrote it."""
        conditions: dict[str, Any] = {"ChecksumSHA256": header_of(written.sha256)}
        if self.abilities().refuses_overwrite:
            conditions["IfNoneMatch"] = "*"
        elif self.exists(key):
            return False
        for attempt in range(1, CONFLICTS + 1):
            with s3_errors(key):
                try:
                    self._client.put_object(Bucket=self._bucket, Key=key, Body=rewound(), **conditions)
                except ClientError as error:
                    if status_of(error) == HTTPStatus.PRECONDITION_FAILED:
                        return False
                    if status_of(error) != HTTPStatus.CONFLICT:
                        raise
                else:
                    return True
            time.sleep(random.uniform(0.02, 0.1) * attempt)  # noqa: S311 (jitter, not a secret)
        message = f"{key}: others write it all the time"
        raise BlobUnavailable(message)

    def _size_of_taken(self, key: str) -> int:
        try:
            return self.size(key)
        except BlobMissing as gone:
            message = f"{key}: the S3 server refuses it as taken, and has it not (any more)"
            raise BlobUnavailable(message) from gone

    def _read_back(self, key: str, written: Digest, *, mine: bool) -> None:
        """Compare what the server now gives out with what was sent."""
        try:
            with self.open(key) as stored:
                found = digest(stored)
        except BlobMissing as lost:
            message = f"{key}: the S3 server took it and has it not"
            raise BlobUnavailable(message) from lost
        if found == written:
            return
        if mine:
            self.delete(key)
            message = f"{key}: the S3 server gave back other bytes than it took"
            raise BlobUnavailable(message)
        message = f"{key} is there already, damaged: {found.sha256}"
        raise BlobMismatch(message)
