"""What an S3 server's answer means in the words of the blob store's port.

Missing is only what a server said of a key in a bucket that is there; everything else, from a refused signature to a
missing bucket, is a store that cannot be asked: believing "missing" there would make handsets send everything again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from photo_store.blobs import BlobMissing, BlobUnavailable

__all__ = ["answer_of", "s3_errors", "status_of"]


def status_of(error: ClientError) -> int:
    """Return the HTTP status of a refusal; 0 if there was none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def answer_of(error: ClientError) -> str:
    """Return the server's own name for a refusal, such as ``NoSuchKey``."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def s3_errors(what: str) -> Iterator[None]:
    """Turn errors of the S3 client into BlobMissing and BlobUnavailable; ``what`` begins the message."""
    try:
        yield
    except ClientError as error:
        message = f"{what}: the S3 server answers {status_of(error)} {answer_of(error)}"
        if status_of(error) == HTTPStatus.NOT_FOUND and answer_of(error) == "NoSuchKey":
            raise BlobMissing(message) from error
        raise BlobUnavailable(message) from error
    except (BotoCoreError, HTTPError, OSError) as error:
        message = f"{what}: the S3 server does not answer: {error}"
        raise BlobUnavailable(message) from error
