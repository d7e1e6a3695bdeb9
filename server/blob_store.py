"""Chooses and builds the store of originals and renditions from the settings.

``disk``: one folder. ``s3``: a bucket, around it a spool on this machine that takes photographs in while the bucket
does not answer, around that copies of renditions that galleries show meanwhile. boto3 is loaded for ``s3`` only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from photo_store.blobs import BlobStore
from photo_store.breaker import Breaker
from photo_store.disk import DiskBlobs
from photo_store.rendition_cache import RenditionCache
from photo_store.spooling import SpoolingBlobs
from server.config import Settings
from server.logs import log

if TYPE_CHECKING:
    from photo_store.s3_check import StoreAbilities

_MB = 1024 * 1024


@dataclass(frozen=True)
class StoreParts:
    """The store as the product uses it, and what a disk store has not.

    ``abilities`` asks the S3 server once per process what it enforces, and raises BlobUnavailable.
    """

    blobs: BlobStore
    spool: SpoolingBlobs | None = None
    cache: RenditionCache | None = None
    abilities: "Callable[[], StoreAbilities] | None" = None


def build_store(chosen: Settings, recovered: Callable[[], object]) -> StoreParts:
    """Return the store of ``chosen``; ``recovered`` is called when a bucket answers again that had not."""
    if chosen.blob_store == "disk":
        return StoreParts(DiskBlobs(chosen.blob_dir.absolute()))
    from photo_store.s3 import S3Blobs  # noqa: PLC0415 (boto3: 25 MB of memory that a disk store does not need)
    from photo_store.s3_client import S3Address, s3_client  # noqa: PLC0415 (the same)

    address = S3Address(
        endpoint=chosen.s3_endpoint,
        bucket=chosen.s3_bucket,
        region=chosen.s3_region,
        access_key=chosen.s3_access_key,
        secret_key=chosen.s3_secret_key,
        ca_file=Path(chosen.s3_ca_file) if chosen.s3_ca_file else None,
    )
    primary = S3Blobs(s3_client(address), address.bucket, _note_abilities)
    # The folder of a disk store is where blobs wait; so one that was in use before simply moves into the bucket.
    spool = SpoolingBlobs(primary, DiskBlobs(chosen.blob_dir.absolute()), Breaker(recovered))
    if not chosen.rendition_cache_mb:
        return StoreParts(spool, spool, None, primary.abilities)
    cache = RenditionCache(spool, cache_folder(chosen), chosen.rendition_cache_mb * _MB)
    return StoreParts(cache, spool, cache, primary.abilities)


def cache_folder(chosen: Settings) -> Path:
    """Return the folder of the copies of renditions, beside the one in which blobs wait."""
    return chosen.blob_dir.absolute().with_name(f"{chosen.blob_dir.name}-cache")


def _note_abilities(found: "StoreAbilities") -> None:
    tell = log.warning if found.shortcomings() else log.info
    tell("store-examined", enforces=str(found))
