"""What the page of one photograph shows: itself, the photographs it may answer, its redactions, names. Read-only."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from server.evidence.flagging import REVIEWER
from server.evidence.queries import of_owner, one
from server.evidence.records import EvidenceRecord
from server.evidence.redactions import RedactionRecord, history
from server.evidence.rules import Stage
from server.identity import queries as identity


@dataclass(frozen=True)
class ShotView:
    """One photograph; ``befores`` is empty unless it is one taken after disposal."""

    shot: EvidenceRecord
    befores: tuple[EvidenceRecord, ...]
    redactions: tuple[RedactionRecord, ...]
    names: Mapping[UUID, str]

    @property
    def redaction(self) -> RedactionRecord | None:
        """Return the redaction that counts."""
        return self.redactions[0] if self.redactions else None

    @property
    def flag_reason(self) -> str:
        """Return what a reviewer wrote, empty where none has flagged it."""
        return next((str(flag.facts.get("reason", "")) for flag in self.shot.flags if flag.kind == REVIEWER), "")

    @property
    def is_after(self) -> bool:
        """Tell whether it can answer another photograph."""
        return self.shot.stage == Stage.DISPOSAL and self.shot.role == "after"


def shot_view(session: Session, scope: tuple[str, ...], evidence_id: UUID) -> ShotView | None:
    """Return the view of one photograph, None if it does not exist or is out of scope."""
    shot = one(session, scope, evidence_id)
    if shot is None:
        return None
    siblings = of_owner(session, shot.owner_kind, shot.owner_id)
    redactions = history(session, evidence_id)
    people = {shot.officer_id, shot.install_id, shot.agency_id, shot.squad_id, shot.reviewer_id}
    names = identity.names(session, people | {row.officer_id for row in redactions})
    befores = tuple(other for other in siblings if other.stage == Stage.REPORT)
    view = ShotView(shot, befores, redactions, names)
    return view if view.is_after else ShotView(shot, (), redactions, names)
