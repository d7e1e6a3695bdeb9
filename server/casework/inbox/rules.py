"""Kinds of notices, whom they can be for, and who has an inbox at all. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from server.identity.rules import DESK_ROLES, Actor, Permission
from server.problems import Problem, _

KEPT_FOR = timedelta(days=90)
# More than that nobody counts; the top bar shows 99+.
MOST_COUNTED = 99
# The longest that a transaction can take between making a notice's id and its commit.
SETTLED_AFTER = timedelta(minutes=10)


class Kind(StrEnum):
    """What a notice tells of."""

    DISPATCHED = "dispatched"
    RETURNED = "returned"
    REWORK = "rework"
    DISPOSED = "disposed"
    REVIEW_RESULT = "review_result"
    CLOSED = "closed"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    RESUMED = "resumed"
    REQUEST_ASKED = "request_asked"
    REQUEST_DECIDED = "request_decided"
    REASSIGNED = "reassigned"
    MERGED = "merged"


@dataclass(frozen=True)
class To:
    """Whom a notice is for: any of an officer, a squad's unit accounts, and whoever may do ``permission`` there."""

    officer_id: UUID | None = None
    squad_id: UUID | None = None
    permission: Permission | None = None

    def __post_init__(self) -> None:
        if (self.officer_id, self.squad_id, self.permission) == (None, None, None):
            msg = "a notice is for somebody: an officer, a squad or a permission"
            raise ValueError(msg)


def reads_inbox(actor: Actor) -> bool:
    """Tell whether an officer works at a desk; who is in the field only has the handset, and no inbox."""
    return any(grant.role in DESK_ROLES for grant in actor.grants)


def demand_inbox(actor: Actor) -> Actor:
    """Return the actor, or raise forbidden for an account of the field."""
    if not reads_inbox(actor):
        told = _("The inbox is for desks; what concerns you is on your handset.")
        raise Problem("forbidden", told, roles=sorted(DESK_ROLES))
    return actor


def by_scope(actor: Actor) -> Mapping[tuple[str, ...], list[Permission]]:
    """Return the actor's permissions by the agency paths below which they hold: few groups, few branches of a query."""
    groups: dict[tuple[str, ...], list[Permission]] = {}
    for permission in Permission:
        scope = actor.scope(permission)
        if scope:
            groups.setdefault(scope, []).append(permission)
    return groups
