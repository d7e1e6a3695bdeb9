"""Reading the audit log leaves an entry in it: who asked, for what, and whether it left the house as a file."""

from sqlalchemy.orm import Session

from server.identity.queries import AuditFilter
from server.identity.rules import Actor, Permission
from server.ledger.audit import note
from server.ledger.operations import Doer


def note_reading(session: Session, actor: Actor, wanted: AuditFilter, action: str = "audit_read") -> tuple[str, ...]:
    """Note a reading (``audit_read``, ``audit_exported``) and return the actor's scope; raises forbidden."""
    scope = actor.require(Permission.READ_AUDIT)
    doer = Doer(actor.agency_id, actor.officer_id)
    note(session, doer, action, ("agency", str(actor.agency_id)), wanted.told())
    return scope
