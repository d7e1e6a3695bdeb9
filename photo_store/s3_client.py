"""The one place that makes boto3 clients, so that every request to an S3 store is signed and timed alike.

``when_required``: boto3's own default adds a checksum as a trailer of a chunked body, which several S3 servers
refuse or store as content over TLS; :mod:`photo_store.s3` sends the SHA-256 as a plain header instead. Knows no blob.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from boto3.session import Session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["S3Address", "s3_client"]

# Seconds. A store in the same machine room answers in milliseconds. Behind these a handset waits, which gives up after
# thirty: twice for one that hangs in the first request, at worst twice more in the reading back.
CONNECT_TIMEOUT = 2.0
READ_TIMEOUT = 6.0
ATTEMPTS = 2
# Threads of one web process and its reserve; more only wait.
CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class S3Address:
    """Where a bucket is and with which keys. ``ca_file``: PEM of the authority that signed the server's certificate.

    The bucket goes into the path, unless the endpoint's host begins with its name: some services (Alibaba Cloud OSS)
    refuse a bucket in the path.
    """

    endpoint: str
    bucket: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    ca_file: Path | None = None


def s3_client(address: S3Address) -> "S3Client":
    """Return a client, which threads may share. Asks nobody anything yet."""
    scheme, separator, host = address.endpoint.rpartition("://")
    in_host = host.startswith(f"{address.bucket}.")
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "virtual" if in_host else "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        max_pool_connections=CONNECTIONS,
        tcp_keepalive=True,
    )
    # A session of our own: boto3's shared one is not made for threads, and reads the account's files in passing.
    return Session().client(
        "s3",
        endpoint_url=f"{scheme}{separator}{host.removeprefix(f'{address.bucket}.')}" if in_host else address.endpoint,
        region_name=address.region,
        aws_access_key_id=address.access_key,
        aws_secret_access_key=address.secret_key,
        verify=str(address.ca_file) if address.ca_file else None,
        config=config,
    )
