"""What an S3 server enforces, found by trying: it writes a probe, and what it ought to refuse.

Servers that speak S3 differ exactly here, and a server that ignores a condition says nothing about it. Versioning and
object lock are asked for, not tried: what is locked could not be removed again.
"""

import base64
import hashlib
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from photo_store.blobs import BlobUnavailable
from photo_store.s3_errors import s3_errors, status_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["PROBES", "StoreAbilities", "examine_store", "header_of"]

# Keys of probes begin so; nothing else of ours does.
PROBES = "check/"
_CONTENT, _OTHER = b"Xuncha tries what this store enforces", b"Xuncha tries to replace what is there"


@dataclass(frozen=True, slots=True)
class StoreAbilities:
    """What the server enforces: refuses a wrong checksum, refuses to overwrite; keeps versions, locks objects."""

    checks_sums: bool
    refuses_overwrite: bool
    keeps_versions: bool
    locks_objects: bool

    def shortcomings(self) -> list[str]:
        """Return what the server does not enforce and we therefore do ourselves; empty when nothing is lacking."""
        lacking = []
        if not self.checks_sums:
            lacking.append("it accepts bytes with a wrong checksum (we read every photograph back)")
        if not self.refuses_overwrite:
            lacking.append("it ignores If-None-Match (we look before we write, which a race can pass)")
        return lacking

    def __str__(self) -> str:
        """Return one line for a log or a person."""
        return ", ".join(
            (
                "wrong checksum refused" if self.checks_sums else "WRONG CHECKSUM ACCEPTED",
                "overwriting refused" if self.refuses_overwrite else "OVERWRITING NOT REFUSED",
                "versioning on" if self.keeps_versions else "versioning off",
                "object lock on" if self.locks_objects else "object lock off",
            )
        )


def header_of(sha256: str) -> str:
    """Return a hash as the header ``x-amz-checksum-sha256`` wants it: base64 of its 32 bytes."""
    return base64.b64encode(bytes.fromhex(sha256)).decode("ascii")


def examine_store(client: "S3Client", bucket: str) -> StoreAbilities:
    """Try the server out with a few small requests. Raises BlobUnavailable: then nothing is known."""
    key = f"{PROBES}{uuid.uuid4().hex}"
    right, wrong = (header_of(hashlib.sha256(content).hexdigest()) for content in (_CONTENT, _OTHER))

    def put(content: bytes, **conditions: Any) -> Callable[[], object]:  # noqa: ANN401 (parameters of boto3)
        return lambda: client.put_object(Bucket=bucket, Key=key, Body=content, **conditions)

    with s3_errors(f"the check of bucket {bucket}"):
        try:
            checks_sums = _refused(put(_CONTENT, ChecksumSHA256=wrong))
            if not checks_sums:
                client.delete_object(Bucket=bucket, Key=key)
            # What is there now is the first content, whether or not the condition is known to the server.
            if _refused(put(_CONTENT, ChecksumSHA256=right, IfNoneMatch="*")):
                client.put_object(Bucket=bucket, Key=key, Body=_CONTENT)
                refuses_overwrite = False
            else:
                refuses_overwrite = _refused(put(_OTHER, IfNoneMatch="*"))
            with client.get_object(Bucket=bucket, Key=key)["Body"] as body:
                kept = body.read() == _CONTENT
        finally:
            with suppress(ClientError):  # kept by a lock: it is some bytes
                client.delete_object(Bucket=bucket, Key=key)
        if refuses_overwrite and not kept:
            message = f"bucket {bucket} gave back other bytes than were put into it"
            raise BlobUnavailable(message)
        return StoreAbilities(checks_sums, refuses_overwrite, _keeps_versions(client, bucket), _locks(client, bucket))


def _refused(attempt: Callable[[], object]) -> bool:
    """Tell whether a write was refused for what it asked; 501 is a server that does not know the condition."""
    try:
        attempt()
    except ClientError as error:
        told = status_of(error)
        if told in {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED}:
            return True
        if told == HTTPStatus.NOT_IMPLEMENTED:
            return True
        raise
    return False


def _keeps_versions(client: "S3Client", bucket: str) -> bool:
    try:
        return client.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled"
    except ClientError:
        return False  # not offered, or our keys may not ask


def _locks(client: "S3Client", bucket: str) -> bool:
    try:
        told = client.get_object_lock_configuration(Bucket=bucket)
    except ClientError:
        return False  # not configured, not offered, or our keys may not ask
    return told["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled"
