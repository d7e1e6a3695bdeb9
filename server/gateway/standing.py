"""Where an asking handset stands: one indexed read that begins every page of the feed.

Epoch, heads and floors of its scopes, and whether the grants that it authenticated with still hold in this snapshot.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from server.identity.models import Install, InstallReport, Officer
from server.identity.rules import Handset, revoked_handset
from server.ledger.models import Deployment, FeedScope
from server.problems import Problem
from sync.ports import ScopeEnds

_deployment, _install, _officer = Deployment.__table__, Install.__table__, Officer.__table__
_report, _scope = InstallReport.__table__, FeedScope.__table__

# Executed by every pull: columns of the bare tables, written once, no entities. An IN whose length may vary is
# written anew each time, which costs a third of the whole statement: a handset has at most three scopes.
_SCOPES = ("scope_1", "scope_2", "scope_3")
_STANDING = (
    select(
        _deployment.c.epoch,
        _officer.c.id.label("officer_id"),
        _officer.c.squad_id,
        _officer.c.active,
        _install.c.revoked_at,
        _report.c.seen_at,
        _scope.c.scope,
        _scope.c.head,
        _scope.c.floor,
    )
    .select_from(_deployment)
    .join(_install, _install.c.id == bindparam("install_id"))
    .join(_officer, _officer.c.id == _install.c.officer_id)
    .outerjoin(_report, _report.c.install_id == _install.c.id)
    .outerjoin(_scope, _scope.c.scope.in_([bindparam(name) for name in _SCOPES]))
)


@dataclass(frozen=True)
class Standing:
    """Head and floor of every scope of the handset; a scope in which nothing happened yet is at zero.

    ``seen_at`` is when the handset was last noted as being in touch (None = never).
    """

    epoch: str
    ends: Mapping[str, ScopeEnds]
    seen_at: datetime | None


def standing(session: Session, asking: Handset) -> Standing:
    """Return the standing in this snapshot.

    Raises handset-revoked, and busy when officer or squad changed since the handset authenticated: what it was
    granted then must not be answered any more, and the same request works in the next moment.
    """
    padded = (*asking.scopes, *asking.scopes)[: len(_SCOPES)]
    named = dict(zip(_SCOPES, padded, strict=True))
    rows = session.execute(_STANDING, {"install_id": asking.install_id, **named}).all()
    first = rows[0]
    if first.revoked_at is not None or not first.active:
        raise revoked_handset()
    if (first.officer_id, first.squad_id) != (asking.officer_id, asking.squad_id):
        raise Problem("busy", retry_after=1)
    known = {row.scope: ScopeEnds(row.head, row.floor) for row in rows if row.scope is not None}
    ends = {scope: known.get(scope, ScopeEnds(0, 0)) for scope in asking.scopes}
    return Standing(first.epoch, ends, first.seen_at)
