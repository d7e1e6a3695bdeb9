"""A blob in an S3 bucket read as a seekable stream, a block per request, so that no connection stays open.

Whoever serves a photograph to a slow reader holds nothing of the store meanwhile. Knows ranges, not keys' meaning.
"""

import io
from typing import TYPE_CHECKING, BinaryIO

from botocore.exceptions import ClientError

from photo_store.blobs import BlobUnavailable
from photo_store.s3_errors import answer_of, s3_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["open_stream"]

# Bytes of one request: a thumbnail needs one, a photograph of two megabytes three.
BLOCK = 1024 * 1024


def open_stream(client: "S3Client", bucket: str, key: str) -> BinaryIO:
    """Open a blob; its first block is fetched at once. Raises BlobMissing, BlobUnavailable, now and while reading."""
    return io.BufferedReader(_Ranges(client, bucket, key), BLOCK)


class _Ranges(io.RawIOBase):
    """The bytes of one object by ranged requests."""

    def __init__(self, client: "S3Client", bucket: str, key: str) -> None:
        super().__init__()
        self._client = client
        self._bucket = bucket
        self._key = key
        self._at = 0
        self._size = 0
        self._first = b""
        self._first = self._fetch(0, BLOCK)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # typeshed's Buffer has no length
        wanted = min(len(buffer), self._size - self._at)
        if wanted <= 0:
            return 0
        block = self._first[self._at : self._at + wanted] or self._fetch(self._at, wanted)
        buffer[: len(block)] = block
        self._at += len(block)
        return len(block)

    def readall(self) -> bytes:
        """Read the rest in as few requests as there are blocks (the inherited one asks for eight kilobytes each)."""
        rest = bytearray()
        block = bytearray(BLOCK)
        while count := self.readinto(block):
            rest += memoryview(block)[:count]
        return bytes(rest)

    def _fetch(self, start: int, length: int) -> bytes:
        with s3_errors(self._key):
            try:
                answer = self._client.get_object(
                    Bucket=self._bucket, Key=self._key, Range=f"bytes={start}-{start + length - 1}"
                )
            except ClientError as error:
                if start == 0 and answer_of(error) == "InvalidRange":
                    return b""  # an empty object has no first byte to ask for
                raise
            with answer["Body"] as body:
                block = body.read(length)
        told = answer.get("ContentRange", "")
        if not told and start > 0:
            message = f"{self._key}: the S3 server does not serve ranges"
            raise BlobUnavailable(message)
        self._size = int(told.rpartition("/")[2]) if told else int(answer["ContentLength"])
        return block
