"""Who causes a change of a case, and why. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class Cause:
    """Who caused an entry of the timeline and why; from a handset also by which item and when it was captured."""

    actor_id: UUID | None
    reason: str | None = None
    install_id: UUID | None = None
    item_id: UUID | None = None
    captured_at_corrected: datetime | None = None
