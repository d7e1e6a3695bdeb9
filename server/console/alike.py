"""The page of what looks like one photograph: beside it, with the case that each belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from server.casework.queries import case_numbers
from server.console.pages import pages
from server.db import read
from server.evidence.lookalikes import LookAlike, lookalikes
from server.evidence.queries import several
from server.evidence.records import EvidenceRecord
from server.identity import queries as identity
from server.identity.rules import Permission
from server.problems import Problem
from server.web import actor


@dataclass(frozen=True)
class AlikeView:
    """A photograph and what looks like it; ``elsewhere`` counts what the reader may not see."""

    shot: EvidenceRecord
    others: tuple[tuple[LookAlike, EvidenceRecord], ...]
    elsewhere: int
    names: Mapping[UUID, str]
    case_numbers: Mapping[UUID, str | None]


@pages.get("/evidence/<uuid:evidence_id>/alike")
def alike(evidence_id: UUID) -> ResponseReturnValue:
    """Show what looks like a photograph, nearest first."""
    view = read(_view, actor().require(Permission.READ_EVIDENCE), evidence_id)
    if view is None:
        raise Problem("not-found")
    return render_template("console/alike.html", view=view)


def _view(session: Session, scope: tuple[str, ...], evidence_id: UUID) -> AlikeView | None:
    found = lookalikes(session, scope, evidence_id)
    if found is None:
        return None
    told = [one.evidence_id for one in found if one.evidence_id is not None]
    records = several(session, scope, [evidence_id, *told])
    shown = tuple((one, records[one.evidence_id]) for one in found if one.evidence_id is not None)
    people = {who for shot in records.values() for who in (shot.officer_id, shot.install_id)}
    return AlikeView(
        shot=records[evidence_id],
        others=shown,
        elsewhere=sum(one.elsewhere for one in found),
        names=identity.names(session, people),
        case_numbers=case_numbers(session, {shot.owner_id for shot in records.values()}),
    )
