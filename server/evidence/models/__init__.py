"""Tables of evidence: photographs and uploads, their place in a case, how they look, how long they are kept."""

from server.evidence.models.evidence import Evidence, EvidenceFlag, Redaction
from server.evidence.models.keeping import Disposal, LegalHold, RetentionRule
from server.evidence.models.likeness import Likeness, LikenessSlot
from server.evidence.models.photo import Photo, PhotoView, Upload, UploadSegment

__all__ = [
    "Disposal",
    "Evidence",
    "EvidenceFlag",
    "LegalHold",
    "Likeness",
    "LikenessSlot",
    "Photo",
    "PhotoView",
    "Redaction",
    "RetentionRule",
    "Upload",
    "UploadSegment",
]
