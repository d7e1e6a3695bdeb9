"""Bytes and pictures: blob stores, resumable uploads, what a file really is, derived pictures, drawn scenes.

Knows no case, no user, no database, no HTTP; imports neither ``server`` nor ``sync``. Pillow lives only here.

===================  ==========================================================================
``blobs``            the port of blob stores; ``disk``, ``s3`` and ``memory`` implement it
``spooling``         a store that takes blobs in while the one behind it is down, and moves them later
``rendition_cache``  copies of renditions on this machine, for galleries while the store is down
``s3_check``         what an S3 server enforces, found by trying; ``s3_client`` makes the clients
``uploads``          the upload engine on the ports of ``ledger`` (what is remembered) and ``spool``
``inspect_image``    what a file really is, without decoding (``scan``, ``heif``: structure, ``exif``: claims)
``derive``           thumbnail, preview and likeness, made by the worker from one decode
``redact``           renditions that hide parts of a photograph; ``watermark`` puts text along the bottom
``decoder``          the children in which everything is decoded (``decode_tasks``), confined by ``sandbox``
``drawn``            street scenes drawn by code, for the demo city and the fleet
``contract``         the tests every blob store and every upload ledger must pass
===================  ==========================================================================

Names that need Pillow (``derive``, ``drawn``) or boto3 (``s3…``) are imported from their own modules, so that a process
that only receives bytes, or only knows a disk, does not load them.
"""

from photo_store.blobs import (
    BlobError,
    BlobMismatch,
    BlobMissing,
    BlobStore,
    BlobUnavailable,
    original_key,
    rendition_key,
)
from photo_store.disk import DiskBlobs
from photo_store.inspect_image import ImageFacts, ImageLimits, NotAnImage, PhotoTooLarge, inspect
from photo_store.ledger import Segment, UploadLedger, UploadState
from photo_store.memory import MemoryBlobs, MemoryLedger
from photo_store.upload_errors import (
    BodyInterrupted,
    HashMismatch,
    OffsetMismatch,
    SpoolUnavailable,
    TooMuchData,
    UploadError,
    UploadFenced,
    UploadUnknown,
)
from photo_store.uploads import UploadEngine

__all__ = [
    "BlobError",
    "BlobMismatch",
    "BlobMissing",
    "BlobStore",
    "BlobUnavailable",
    "BodyInterrupted",
    "DiskBlobs",
    "HashMismatch",
    "ImageFacts",
    "ImageLimits",
    "MemoryBlobs",
    "MemoryLedger",
    "NotAnImage",
    "OffsetMismatch",
    "PhotoTooLarge",
    "Segment",
    "SpoolUnavailable",
    "TooMuchData",
    "UploadEngine",
    "UploadError",
    "UploadFenced",
    "UploadLedger",
    "UploadState",
    "UploadUnknown",
    "inspect",
    "original_key",
    "rendition_key",
]
