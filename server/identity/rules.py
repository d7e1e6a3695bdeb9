"""Roles, permissions and the actor: who may do what, where. Pure; facts are arguments.

A role is granted at a node of the agency tree and reaches its subtree (casework.md section 1). Paths are
materialised: ``990101/`` contains ``990101/001/``.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from server.problems import Problem, _

CODE_LIFE = timedelta(hours=24)
# A handset that lost the answer to its enrolment may ask again this long after the first time.
ENROLMENT_REPEATS = timedelta(hours=24)
# How far a handset may date the proof that its officer is there, before or after the server's time.
PROOF_WINDOW = timedelta(hours=24)
# Defaults of the settings field_session_days and revoked_grace_days.
FIELD_SESSION = timedelta(days=30)
REVOKED_GRACE = timedelta(days=30)
CREDENTIAL_LIFE = timedelta(days=365)
# The handset dates a shift by its own idea of the server's time; a corrected capture time is not better than this in
# the worst case.
SHIFT_TOLERANCE = timedelta(minutes=2)
ATTEMPT_WINDOW = timedelta(minutes=15)
MOST_FAILURES = 10


class Role(StrEnum):
    """Roles of the trade; the identifiers of the glossary."""

    COLLECTOR = "collector"
    ENFORCEMENT_OFFICER = "enforcement_officer"
    ASSISTANT = "assistant"
    ACCEPTANCE = "acceptance"
    DISPATCHER = "dispatcher"
    UNIT = "unit"
    SUPERVISOR = "supervisor"
    REVIEWER = "reviewer"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"


FIELD_ROLES = frozenset({Role.COLLECTOR, Role.ENFORCEMENT_OFFICER, Role.ASSISTANT})
DESK_ROLES = frozenset(Role) - FIELD_ROLES


# The three offices (三员) that MLPS 2.0 level 3 (GB/T 22239-2019) wants held by three people.
ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})


class AgencyKind(StrEnum):
    """Levels of the administrative tree; which stands below which is the city's own business."""

    CITY = "city"
    DISTRICT = "district"
    COUNTY = "county"
    TOWN = "town"
    STREET = "street"
    COMMUNITY = "community"


class Permission(StrEnum):
    """What a door asks for; the table below says which roles open it."""

    READ_CASES = "read_cases"
    FILE_CASE = "file_case"
    DISPATCH_CASE = "dispatch_case"
    CLOSE_CASE = "close_case"
    READ_EVIDENCE = "read_evidence"
    REVIEW_EVIDENCE = "review_evidence"
    READ_OFFICERS = "read_officers"
    ADMINISTER_OFFICERS = "administer_officers"
    ADMINISTER_HANDSETS = "administer_handsets"
    READ_QUARANTINE = "read_quarantine"
    MANAGE_QUARANTINE = "manage_quarantine"
    READ_FLEET = "read_fleet"
    REDACT_EVIDENCE = "redact_evidence"
    HOLD_EVIDENCE = "hold_evidence"
    MANAGE_RETENTION = "manage_retention"
    MANAGE_STANDARDS = "manage_standards"
    EXPORT_EVIDENCE = "export_evidence"
    MANAGE_CALENDAR = "manage_calendar"
    READ_GEOGRAPHY = "read_geography"
    MANAGE_GEOGRAPHY = "manage_geography"
    MANAGE_AGENCIES = "manage_agencies"
    GRANT_ROLES = "grant_roles"
    READ_AUDIT = "read_audit"
    MANAGE_RESPONSIBILITY = "manage_responsibility"
    DISPOSE_CASE = "dispose_case"
    DECIDE_REQUEST = "decide_request"
    FORCE_CLOSE = "force_close"
    MERGE_CASES = "merge_cases"
    REVIEW_APPEAL = "review_appeal"


_DESK = frozenset({Role.ACCEPTANCE, Role.DISPATCHER, Role.SUPERVISOR, Role.REVIEWER, Role.UNIT})
_ADMINS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN})

ROLES_FOR: dict[Permission, frozenset[Role]] = {
    Permission.READ_CASES: _DESK,
    Permission.FILE_CASE: frozenset({Role.ACCEPTANCE, Role.DISPATCHER}),
    Permission.DISPATCH_CASE: frozenset({Role.DISPATCHER}),
    Permission.CLOSE_CASE: frozenset({Role.ACCEPTANCE, Role.DISPATCHER}),
    Permission.READ_EVIDENCE: _DESK,
    Permission.REVIEW_EVIDENCE: frozenset({Role.REVIEWER, Role.SUPERVISOR}),
    Permission.READ_OFFICERS: _DESK | _ADMINS,
    Permission.ADMINISTER_OFFICERS: frozenset({Role.SYSTEM_ADMIN}),
    Permission.ADMINISTER_HANDSETS: frozenset({Role.SYSTEM_ADMIN}),
    Permission.READ_QUARANTINE: frozenset({Role.SYSTEM_ADMIN, Role.SUPERVISOR}),
    Permission.MANAGE_QUARANTINE: frozenset({Role.SYSTEM_ADMIN}),
    Permission.READ_FLEET: _ADMINS | {Role.SUPERVISOR, Role.DISPATCHER},
    # What the public may see, and what a court has asked to be kept, is the legal clerk's (法制员) business.
    Permission.REDACT_EVIDENCE: frozenset({Role.REVIEWER, Role.SUPERVISOR}),
    Permission.HOLD_EVIDENCE: frozenset({Role.REVIEWER, Role.SUPERVISOR}),
    # Two of the three administrators (三员): whoever keeps the system proposes, whoever keeps the log may confirm.
    Permission.MANAGE_RETENTION: frozenset({Role.SYSTEM_ADMIN, Role.AUDIT_ADMIN}),
    Permission.MANAGE_STANDARDS: frozenset({Role.SYSTEM_ADMIN}),
    # A bundle holds unredacted originals and leaves the house: for those who judge evidence, not all who read it.
    Permission.EXPORT_EVIDENCE: frozenset({Role.REVIEWER, Role.SUPERVISOR}),
    Permission.MANAGE_CALENDAR: frozenset({Role.SYSTEM_ADMIN}),
    Permission.READ_GEOGRAPHY: _DESK | _ADMINS,
    Permission.MANAGE_GEOGRAPHY: frozenset({Role.SYSTEM_ADMIN}),
    Permission.MANAGE_AGENCIES: frozenset({Role.SYSTEM_ADMIN}),
    # Whoever makes accounts does not give them their rights, and neither of both reads what was logged (三员).
    Permission.GRANT_ROLES: frozenset({Role.SECURITY_ADMIN}),
    Permission.READ_AUDIT: frozenset({Role.AUDIT_ADMIN}),
    Permission.MANAGE_RESPONSIBILITY: frozenset({Role.DISPATCHER, Role.SYSTEM_ADMIN}),
    Permission.DISPOSE_CASE: frozenset({Role.UNIT}),
    Permission.DECIDE_REQUEST: frozenset({Role.DISPATCHER, Role.SUPERVISOR}),
    Permission.FORCE_CLOSE: frozenset({Role.SUPERVISOR, Role.ACCEPTANCE}),
    Permission.MERGE_CASES: frozenset({Role.ACCEPTANCE, Role.DISPATCHER}),
    # The second look at an appeal is not the one of those who dispatch and are measured by lateness too.
    Permission.REVIEW_APPEAL: frozenset({Role.REVIEWER}),
}


@dataclass(frozen=True)
class Grant:
    """A role at a node; ``agency_path`` ends with a slash."""

    role: Role
    agency_path: str


@dataclass(frozen=True)
class Actor:
    """An officer who is signed in, with everything that decides what the officer may do."""

    officer_id: UUID
    login: str
    name: str
    agency_id: UUID
    squad_id: UUID | None
    grants: tuple[Grant, ...]
    locale: str | None = None
    must_change_password: bool = False
    demo_password: bool = False
    second_factor: bool = False

    @property
    def needs_second_factor(self) -> bool:
        """Tell whether this is one of the three administrators without a second factor; the demo opens without."""
        administers = any(grant.role in ADMINISTRATORS for grant in self.grants)
        return administers and not self.second_factor and not self.demo_password

    @property
    def unit_squad(self) -> UUID | None:
        """Return the squad whose cases this account of a disposal unit may handle, None for anybody else."""
        return self.squad_id if self.may(Permission.DISPOSE_CASE) else None

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the roles held anywhere, sorted, each once."""
        return tuple(sorted({grant.role.value for grant in self.grants}))

    def scope(self, permission: Permission) -> tuple[str, ...]:
        """Return the agency paths below which ``permission`` holds; empty means nowhere."""
        allowed = ROLES_FOR[permission]
        return tuple(sorted({grant.agency_path for grant in self.grants if grant.role in allowed}))

    def may(self, permission: Permission) -> bool:
        """Tell whether ``permission`` holds anywhere (menus, doors); rows are filtered by ``scope``."""
        return bool(self.scope(permission))

    def require_at_top(self, permission: Permission) -> None:
        """Demand ``permission`` at a top agency, for what concerns the whole deployment; raises ``forbidden``."""
        if not at_top(self.require(permission)):
            raise Problem("forbidden", _("This is about the whole deployment: it needs the role at the top agency."))

    def require(self, permission: Permission) -> tuple[str, ...]:
        """Return the scope of ``permission`` or raise the problem ``forbidden``, which names the roles."""
        scope = self.scope(permission)
        if not scope:
            told = _("Your roles do not open this door; the roles that do are listed.")
            raise Problem("forbidden", told, roles=sorted(ROLES_FOR[permission]))
        return scope


@dataclass(frozen=True)
class Handset:
    """An enrolled install that is asking, and its officer on shift.

    ``credential_sha256`` is of the credential that this request carried, which the Answer-MAC depends on.
    ``revoked`` is also set while the officer on shift is deactivated, ``barred`` only for a revoked install: all that
    it still brings goes to quarantine. ``shut`` once a revoked install's grace is
    over: then the credential opens nothing at all. ``session_over`` forbids pulling, never pushing.
    """

    install_id: UUID
    officer_id: UUID
    agency_id: UUID
    agency_path: str
    squad_id: UUID | None
    credential_sha256: bytes
    revoked: bool
    barred: bool
    shut: bool
    grace_until: datetime | None
    session_until: datetime | None
    session_over: bool
    uses_next_credential: bool

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return the feed scopes that this handset pulls: its officer's, the squad's (if any), its own."""
        squad = () if self.squad_id is None else (f"squad:{self.squad_id}",)
        return (f"officer:{self.officer_id}", *squad, f"install:{self.install_id}")


def revoked_handset() -> Problem:
    """Return the refusal of a revoked handset, which tells it to remove what it was shown (never its outbox)."""
    return Problem("handset-revoked", wipe=True)


Interval = tuple[datetime, datetime | None]


def was_on_shift(intervals: Iterable[Interval], at: datetime, tolerance: timedelta = SHIFT_TOLERANCE) -> bool:
    """Tell whether ``at`` lies in one of the shifts, give or take ``tolerance``; an open shift has no end."""
    return any(begun - tolerance <= at and (ended is None or at <= ended + tolerance) for begun, ended in intervals)


def shift_beginning(claimed: datetime, earliest: datetime, moment: datetime) -> datetime:
    """Return when a shift begins that a handset dates: as it says, but not before ``earliest`` nor after ``moment``."""
    return min(max(claimed, earliest), moment).astimezone(UTC)


def normal_login(login: str) -> str:
    """Return the one spelling of a login: a Chinese keyboard types full-width letters without showing it."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


def at_top(scope: tuple[str, ...]) -> bool:
    """Tell whether ``scope`` holds a top agency: its path has one segment, 990101/ is the city, 990101/001/ below."""
    return any(path.count("/") == 1 for path in scope)


def together(roles: Iterable[Role]) -> bool:
    """Tell whether more than one of the three administrators is among ``roles``."""
    return len(ADMINISTRATORS.intersection(roles)) > 1


def within(path: str, scope: tuple[str, ...]) -> bool:
    """Tell whether the agency at ``path`` lies in one of the subtrees of ``scope``."""
    return any(path.startswith(prefix) for prefix in scope)


def paths_above(path: str) -> list[str]:
    """Return the paths of an agency and all above it, the top first: ``990101/``, ``990101/001/``."""
    nodes = path.rstrip("/").split("/")
    return ["/".join(nodes[:depth]) + "/" for depth in range(1, len(nodes) + 1)]
