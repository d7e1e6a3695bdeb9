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
    "UploadComplete",
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


class UploadComplete(UploadError):
    """The upload is a stored photo by now: it may be evidence already, and nobody takes it back."""


class HashMismatch(UploadError):
    """The whole upload arrived and its SHA-256 is ``found``, not the declared one; the upload has failed."""

    def __init__(self, state: UploadState, found: str) -> None:
        super().__init__(f"upload {state.upload_id}: the bytes received have the SHA-256 {found}, not the declared one")
        self.found = found


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
