"""A reviewer's own flag on a photograph: something that the next one to judge should look at, with its reason."""

import json
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.clock import now
from server.evidence.models import Evidence, EvidenceFlag
from server.evidence.reasons import written
from server.identity.rules import Actor, Permission
from server.identity.scope import agencies_in
from server.ledger.operations import Doer, record
from server.problems import Problem
from server.upsert import insert

REVIEWER = "reviewer"


def flag(session: Session, actor: Actor, evidence_id: UUID, *, reason: str) -> None:
    """Flag a photograph; the former reason stays in the custody record only."""
    why = written(reason)
    agency_id = _lock(session, actor, evidence_id)
    facts = {"reason": why, "officer_id": str(actor.officer_id)}
    raised = insert(session, EvidenceFlag).values(
        evidence_id=evidence_id, kind=REVIEWER, facts=json.dumps(facts, ensure_ascii=False), raised_at=now()
    )
    keys = [EvidenceFlag.evidence_id, EvidenceFlag.kind]
    newest = {"facts": raised.excluded.facts, "raised_at": raised.excluded.raised_at}
    session.execute(raised.on_conflict_do_update(index_elements=keys, set_=newest))
    doer = Doer(agency_id, actor.officer_id)
    record(session, "flagged", ("evidence", str(evidence_id)), doer, {"kind": REVIEWER, "reason": why})


def unflag(session: Session, actor: Actor, evidence_id: UUID) -> None:
    """Take a reviewer's flag back, one's own or another's; none there changes nothing."""
    agency_id = _lock(session, actor, evidence_id)
    mine = EvidenceFlag.evidence_id == evidence_id, EvidenceFlag.kind == REVIEWER
    gone = session.execute(delete(EvidenceFlag).where(*mine).returning(EvidenceFlag.facts)).scalar_one_or_none()
    if gone is not None:
        doer = Doer(agency_id, actor.officer_id)
        record(session, "unflagged", ("evidence", str(evidence_id)), doer, {"kind": REVIEWER})


def _lock(session: Session, actor: Actor, evidence_id: UUID) -> UUID:
    scope = actor.require(Permission.REVIEW_EVIDENCE)
    mine = Evidence.id == evidence_id, Evidence.agency_id.in_(agencies_in(scope))
    agency_id = session.scalar(select(Evidence.agency_id).where(*mine).with_for_update())
    if agency_id is None:
        raise Problem("not-found")
    return agency_id
