"""What one synchronisation did, for the officer and for tests."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class SyncTally:
    """Counts of one synchronisation. ``answers`` counts item states; ``told`` is for the officer to read.

    ``is_current`` says whether the last page that came was the last one there was. ``needed`` counts items that the
    server lacked although it had acknowledged them; ``digest_differed`` says that a mirror was found wrong.
    """

    answers: Counter[str] = field(default_factory=Counter)
    photos: int = 0
    resumed: int = 0
    pages: int = 0
    receipts: int = 0
    needed: int = 0
    salvaged: int = 0
    reconciled: int = 0
    digest_differed: bool = False
    is_current: bool = False
    told: list[str] = field(default_factory=list)
