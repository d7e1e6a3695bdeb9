"""What can be wrong with an upload, besides its not being an acceptable picture.

Knows no HTTP: which status each becomes is the gateway's business.
"""

from photo_store.ledger import UploadState

__all__ = [
    "BodyInterrupted",
    "HashMismatch",
    "OffsetMismatch",
    "SpoolUnavailable",
    "TooMuchData",
    "UploadError",
    "UploadFenced",
    "UploadUnknown",
]


class UploadError(Exception):
    """The family of all errors below."""


class UploadUnknown(UploadError):
    """No such upload: never made, expired, failed or given up. The handset makes a new one."""


class UploadFenced(UploadError):
    """Another request took over this upload; the handset asks for the offset (HEAD) and goes on from there."""


class HashMismatch(UploadError):
    """The whole upload arrived and its SHA-256 is not the declared one; the upload has failed."""


class SpoolUnavailable(UploadError):
    """The spool cannot be written, or a segment cannot be read *here and now*: try again later, nothing is lost."""


class OffsetMismatch(UploadError):
    """The bytes sent do not begin where the upload stands; ``state`` says where it stands."""

    def __init__(self, state: UploadState) -> None:
        super().__init__(f"upload {state.upload_id} stands at {state.offset} of {state.length}")
        self.state = state


class TooMuchData(UploadError):
    """The body is longer than the upload; what was not yet flushed of it is dropped. ``state``: as it stands."""

    def __init__(self, state: UploadState) -> None:
        super().__init__(f"upload {state.upload_id} has only {state.length} bytes")
        self.state = state


class BodyInterrupted(UploadError):
    """Reading the body failed (handset gone, idle too long); what arrived is durable up to ``state.offset``."""

    def __init__(self, state: UploadState) -> None:
        super().__init__(f"upload {state.upload_id} was cut off; it stands at {state.offset} of {state.length}")
        self.state = state
