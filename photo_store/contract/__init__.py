"""The tests that every blob store and every upload ledger must pass, shipped with the ports they judge."""

from photo_store.contract.blobs import CONTENT, KEY, SHA256, BlobStoreContract
from photo_store.contract.ledger import UploadLedgerContract

__all__ = ["CONTENT", "KEY", "SHA256", "BlobStoreContract", "UploadLedgerContract"]
