"""The audit log: who did what at a desk, from which address. Only ever added to, by the transaction that does it.

Rows are never changed nor deleted: no code here does it, and a trigger on both databases refuses it (MLPS 2.0 asks
for six months; we keep them for good). What happens to evidence stands in the custody log, acts on a case in its
timeline; here stand administration, sign-ins, exports and who read this log. Knows no subject and no HTTP.
"""

import json
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from server.base import table_of, uuid7
from server.clock import now
from server.ledger.models import AuditEntry
from server.ledger.operations import Doer

# The address of the request that this thread answers; None on the command line and in jobs.
_ADDRESS: ContextVar[str | None] = ContextVar("audit_address", default=None)
_ENTRY = insert(table_of(AuditEntry))
_LONGEST_ADDRESS = 64


def asked_from(address: str | None) -> None:
    """Say from which address everything is asked that this thread notes from now on; None ends it."""
    _ADDRESS.set(address and address[:_LONGEST_ADDRESS])


def note(
    session: Session, doer: Doer, action: str, subject: tuple[str, str], facts: Mapping[str, Any] | None = None
) -> None:
    """Note that ``doer`` did ``action`` (such as ``role_granted``, 48 characters) to ``subject`` = (kind, id).

    ``doer.agency_id`` is the agency that it is about, whose audit administrators see it; None is the whole deployment,
    which those of the top agency see. ``facts`` become JSON: what was before and after, never a secret.
    """
    entry = {
        "id": uuid7(),
        "at": now(),
        "agency_id": doer.agency_id,
        "actor_id": doer.officer_id,
        "action": action,
        "subject_kind": subject[0],
        "subject_id": subject[1],
        "address": _ADDRESS.get(),
        "facts": json.dumps(facts or {}, ensure_ascii=False, sort_keys=True, default=str),
    }
    session.execute(_ENTRY, entry)
