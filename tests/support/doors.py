"""Every door of the product and who may go through it: the table that tests/api/test_every_door.py walks.

A new route needs a line here. ``who`` is the permission that its code demands (or the roles, where several open it), or
one of ``Who``. ``body`` is what a program or a form sends, complete enough that the only thing wrong with it is who
sends it; ``query`` the same behind the question mark. ``"<case_id>"`` and the like stand for this town's things
(``THINGS``), which another town's officers must not reach; an argument of the address is filled in by its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from server.identity.rules import DESK_ROLES, ROLES_FOR, Permission, Role

P = Permission
REASON = {"reason": "照章办理"}
POLICY = {"agency_id": "<agency_id>", "scheme": "gbt30428_2_2013"}
ENTRY = {
    **POLICY,
    "lead_squad_id": "<squad_id>",
    "basis": "属地",
    "valid_from": "2026-12-01",
}
DECIDING = ROLES_FOR[P.DECIDE_REQUEST] | ROLES_FOR[P.REVIEW_APPEAL] | ROLES_FOR[P.FORCE_CLOSE]


class Who(StrEnum):
    """Doors that no role decides about."""

    ANYBODY = "anybody"
    # One's own account, inbox, language: whoever is signed in, about themselves.
    SIGNED_IN = "signed in"
    HANDSET = "an enrolled handset"


@dataclass(frozen=True)
class Door:
    """Who may go through, and what they bring."""

    who: Permission | Who | frozenset[Role]
    body: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    # What is sent in place of a JSON body, where a file is taken.
    file: bytes = b""
    media_type: str = "application/octet-stream"

    @property
    def roles(self) -> frozenset[Role]:
        """Return the roles that open this door; none for those that no role decides about."""
        if isinstance(self.who, Who):
            return frozenset()
        return ROLES_FOR[self.who] if isinstance(self.who, Permission) else self.who


# Whoever sees cases sees by which days they are judged; those who keep the calendar see it too.
CALENDAR_READERS = ROLES_FOR[P.READ_CASES] | ROLES_FOR[P.MANAGE_CALENDAR]


def _all(who: Permission | Who | frozenset[Role], *endpoints: str) -> dict[str, Door]:
    return {endpoint: Door(who) for endpoint in endpoints}


DOORS: dict[str, Door] = {
    **_all(Who.ANYBODY, "static", "health.answer", "metrics.scrape", "api-docs.openapi_json", "entrance_api.sign_in"),
    **_all(Who.ANYBODY, "enrolment_api.enrol", "uploads_api.abilities"),
    **_all(Who.ANYBODY, "console_pages.login", "console_pages.sign_in", "console_pages.language"),
    **_all(Who.ANYBODY, "console_pages.code", "console_pages.show_code"),
    # Handsets
    **_all(Who.HANDSET, "bearing_api.join", "bearing_api.name_next_credential", "bearing_api.renew_session"),
    **_all(Who.HANDSET, "pull_api.hello", "pull_api.pull", "reconcile_api.reconcile", "sync_api.take_push"),
    **_all(Who.HANDSET, "verify_api.verify", "reference_api.fetch", "salvage_api.put", "photo_query_api.query"),
    **_all(Who.HANDSET, "uploads_api.create", "uploads_api.append", "uploads_api.overridden", "uploads_api.part"),
    **_all(Who.HANDSET, "uploads_api.terminate"),
    # The own account
    **_all(Who.SIGNED_IN, "account_api.sign_out", "account_api.sign_out_everywhere", "account_api.change_password"),
    **_all(Who.SIGNED_IN, "own_factor_api.begin_setup", "own_factor_api.confirm_setup", "own_factor_api.remove"),
    **_all(Who.SIGNED_IN, "console_pages.home", "console_pages.account", "console_pages.change_password"),
    **_all(Who.SIGNED_IN, "console_pages.logout", "console_pages.logout_everywhere", "console_pages.second_factor"),
    **_all(Who.SIGNED_IN, "console_pages.begin_factor", "console_pages.confirm_factor", "console_pages.remove_factor"),
    # Administration
    **_all(P.READ_OFFICERS, "staff_api.officers", "staff_api.squads", "administration_api.agencies"),
    **_all(P.READ_OFFICERS, "identity_pages.officers", "administration_api.officer", "administration_pages.officer"),
    **_all(P.READ_FLEET, "staff_api.handsets", "identity_pages.handsets"),
    **_all(P.ADMINISTER_OFFICERS, "staff_api.reset_password", "staff_api.deactivate", "staff_api.reactivate"),
    **_all(P.ADMINISTER_OFFICERS, "identity_pages.reset_password", "identity_pages.deactivate"),
    **_all(P.ADMINISTER_OFFICERS, "identity_pages.reactivate", "administration_pages.new_officer"),
    **_all(P.ADMINISTER_HANDSETS, "staff_api.revoke", "identity_pages.revoke", "identity_pages.enrolment_code"),
    "staff_api.create_enrolment_code": Door(P.ADMINISTER_HANDSETS, {"officer_id": "<officer_id>"}),
    "administration_api.add_agency": Door(
        P.MANAGE_AGENCIES, {"parent_id": "<agency_id>", "code": "x9", "name": "某社区", "kind": "community"}
    ),
    "administration_api.rename_agency": Door(P.MANAGE_AGENCIES, {"name": "改名"}),
    "administration_api.add_squad": Door(P.MANAGE_AGENCIES, {"agency_id": "<agency_id>", "name": "新中队"}),
    "administration_api.rename_squad": Door(P.MANAGE_AGENCIES, {"name": "改名"}),
    "administration_api.add_officer": Door(
        P.ADMINISTER_OFFICERS, {"login": "new", "name": "新人", "agency_id": "<agency_id>"}
    ),
    "administration_api.change_officer": Door(P.ADMINISTER_OFFICERS, {"name": "改名", "agency_id": "<agency_id>"}),
    "administration_api.grant_role": Door(P.GRANT_ROLES, {"role": "reviewer", "agency_id": "<agency_id>"}),
    **_all(P.GRANT_ROLES, "administration_api.revoke_role", "administration_api.reset_second_factor"),
    **_all(P.MANAGE_AGENCIES, "administration_pages.agencies"),
    "administration_pages.change_tree": Door(
        P.MANAGE_AGENCIES,
        {"agency_id": "<agency_id>", "squad_id": "<squad_id>", "code": "x9", "name": "某处", "kind": "community"},
    ),
    "administration_pages.add_officer": Door(
        P.ADMINISTER_OFFICERS, {"login": "new", "name": "新人", "agency_id": "<agency_id>"}
    ),
    # Its steps are two offices': facts the system administrator's, the others the security administrator's.
    "administration_pages.change_officer": Door(
        ROLES_FOR[P.ADMINISTER_OFFICERS] | ROLES_FOR[P.GRANT_ROLES],
        {"name": "改名", "agency_id": "<agency_id>", "role": "reviewer"},
    ),
    # The working calendar
    "calendar_api.month": Door(CALENDAR_READERS, query={"month": "2026-03", "agency_id": "<agency_id>"}),
    "calendar_api.schedules": Door(CALENDAR_READERS, query={"agency_id": "<agency_id>"}),
    "calendar_api.set_day": Door(P.MANAGE_CALENDAR, {"agency_id": "<agency_id>", "workday": False}),
    "calendar_api.set_schedule": Door(P.MANAGE_CALENDAR, {"agency_id": "<agency_id>", "periods": ["09:00-17:00"]}),
    "calendar_api.clear_day": Door(P.MANAGE_CALENDAR, query={"agency_id": "<agency_id>"}),
    "calendar_api.clear_schedule": Door(P.MANAGE_CALENDAR, query={"agency_id": "<agency_id>"}),
    "calendar_files_api.import_days": Door(
        P.MANAGE_CALENDAR,
        query={"agency_id": "<agency_id>"},
        file=b"date,workday\n2027-01-01,rest\n",
        media_type="text/csv",
    ),
    "calendar_pages.year": Door(CALENDAR_READERS, query={"agency": "<agency_id>"}),
    "calendar_pages.set_day": Door(
        P.MANAGE_CALENDAR, {"agency": "<agency_id>", "day": "2026-03-03", "workday": "rest"}
    ),
    "calendar_pages.set_hours": Door(
        P.MANAGE_CALENDAR,
        {
            "agency": "<agency_id>",
            "valid_from": "2026-03-03",
            "periods": "09:00-17:00",
            "work_day_policy": "hours",
        },
    ),
    "calendar_pages.clear_hours": Door(P.MANAGE_CALENDAR, {"agency": "<agency_id>", "valid_from": "2026-03-03"}),
    "calendar_pages.import_days": Door(P.MANAGE_CALENDAR, {"agency": "<agency_id>"}),
    **_all(P.READ_AUDIT, "audit_api.entries", "audit_api.export", "audit_pages.audit", "audit_pages.export"),
    # Cases
    **_all(P.READ_CASES, "casework_api.cases", "casework_api.case", "casework_pages.cases", "casework_pages.case"),
    "registering_pages.form": Door(P.FILE_CASE),
    "registering_pages.register": Door(
        P.FILE_CASE,
        {"source": "hotline", "description": "路面积水", "lon": "123.5", "lat": "30.5", "agency_id": "<agency_id>"},
    ),
    "casework_api.register": Door(
        P.FILE_CASE,
        {
            "source": "hotline",
            "category": {"scheme": "gbt30428_2_2013", "code": "0601"},
            "description": "路面积水",
            "position": {"lon": 123.5, "lat": 30.5, "crs": "cgcs2000"},
            "agency_id": "<agency_id>",
        },
    ),
    "casework_api.act": Door(P.FILE_CASE, {"action": "file"}),
    "casework_pages.act": Door(P.FILE_CASE, {"action": "file"}),
    **_all(P.EXPORT_EVIDENCE, "casework_api.bundle", "casework_pages.bundle"),
    # Evidence
    **_all(P.READ_EVIDENCE, "photos_api.photo", "evidence_api.alike", "evidence_api.gallery", "evidence_api.missing"),
    **_all(P.READ_EVIDENCE, "pool_api.mismatched", "pool_api.unattached", "shot_api.listing", "care_api.public"),
    **_all(P.READ_EVIDENCE, "console_pages.gallery", "console_pages.alike", "console_pages.missing"),
    **_all(P.READ_EVIDENCE, "evidence_pages.photo", "evidence_pages.review_state", "shot_pages.shot"),
    **_all(P.READ_EVIDENCE, "care_pages.public"),
    "evidence_api.review": Door(P.REVIEW_EVIDENCE, {"verdict": "accepted"}),
    "evidence_pages.review": Door(P.REVIEW_EVIDENCE, {"verdict": "accepted"}),
    "shot_api.pair": Door(P.REVIEW_EVIDENCE, {"before_id": None}),
    "shot_api.flag": Door(P.REVIEW_EVIDENCE, REASON),
    "shot_api.unflag": Door(P.REVIEW_EVIDENCE),
    "shot_api.redact": Door(P.REDACT_EVIDENCE, {"regions": [], **REASON}),
    "shot_pages.act": Door(P.REVIEW_EVIDENCE, REASON),
    # Keeping and disposing
    **_all(P.READ_CASES, "care_api.holds"),
    **_all(P.MANAGE_RETENTION, "care_api.rules", "care_api.due", "care_api.listing", "care_pages.retention_page"),
    "care_api.hold": Door(P.HOLD_EVIDENCE, REASON),
    "care_api.release": Door(P.HOLD_EVIDENCE, REASON),
    "care_pages.hold": Door(P.HOLD_EVIDENCE, REASON),
    "care_api.set_rule": Door(P.MANAGE_RETENTION, {"agency_id": "<agency_id>", "years": 6}),
    "care_api.propose": Door(P.MANAGE_RETENTION, {"case_id": "<case_id>", **REASON}),
    "care_api.decide": Door(P.MANAGE_RETENTION, {"decision": "approve", **REASON}),
    "care_pages.act": Door(
        P.MANAGE_RETENTION,
        {"agency_id": "<agency_id>", "years": "6", "case_id": "<case_id>", "disposal_id": "<disposal_id>", **REASON},
    ),
    # Standards
    "standards_api.listing": Door(ROLES_FOR[P.READ_CASES] | ROLES_FOR[P.MANAGE_STANDARDS]),
    "standards_api.replace": Door(
        P.MANAGE_STANDARDS, {"scheme": "gbt30428_2_2013", "version": "2013", "code": "0601", "shots": []}
    ),
    **_all(P.MANAGE_STANDARDS, "standards_pages.required_shots"),
    "standards_pages.replace_shot": Door(
        P.MANAGE_STANDARDS,
        {"scheme": "x", "version": "1", "code": "", "stage": "after_disposal", "role": "near", "count": "1"},
    ),
    # Geography
    **_all(P.READ_GEOGRAPHY, "geography_api.layers", "geography_api.layer", "geography_api.features"),
    **_all(P.READ_GEOGRAPHY, "geography_pages.layers", "geography_pages.layer", "geography_pages.sketch_of"),
    "geography_api.place": Door(P.READ_GEOGRAPHY, query={"lon": "123.5", "lat": "30.5"}),
    "geography_api.activate": Door(P.MANAGE_GEOGRAPHY, REASON),
    "geography_api.assign": Door(P.MANAGE_GEOGRAPHY, {"officer_ids": ["<officer_id>"]}),
    **_all(P.MANAGE_GEOGRAPHY, "geography_api.discard"),
    "geography_pages.act": Door(P.MANAGE_GEOGRAPHY, {"code": "990101001", "officer_ids": "<officer_id>", **REASON}),
    "geography_pages.upload": Door(
        P.MANAGE_GEOGRAPHY, {"agency_id": "<agency_id>", "kind": "area", "crs": "cgcs2000", "name": "区域"}
    ),
    "layers_api.import_file": Door(
        P.MANAGE_GEOGRAPHY,
        query={"agency_id": "<agency_id>", "kind": "area", "crs": "cgcs2000", "name": "区域"},
        file=b'{"type": "FeatureCollection", "features": []}',
        media_type="application/geo+json",
    ),
    # Quarantine, salvage, alarms
    **_all(P.READ_QUARANTINE, "gateway_pages.quarantine", "gateway_pages.item", "quarantine_api.listing"),
    **_all(P.READ_QUARANTINE, "quarantine_api.item", "salvage_desk_api.listing", "salvage_desk_api.download"),
    "quarantine_api.repair": Door(P.MANAGE_QUARANTINE, {"body": "{}", **REASON}),
    **{
        f"quarantine_api.{step}": Door(P.MANAGE_QUARANTINE, REASON)
        for step in ("replay", "propose_discard", "confirm_discard", "withdraw_discard")
    },
    "gateway_pages.decide": Door(P.MANAGE_QUARANTINE, {"action": "replay", **REASON}),
    "salvage_desk_api.settle": Door(P.MANAGE_QUARANTINE, REASON),
    **_all(P.READ_FLEET, "alarms_api.listing", "alarm_pages.alarms"),
    "alarms_api.clear": Door(P.MANAGE_QUARANTINE, {"name": "backup_failed", "subject": "deployment"}),
    "alarm_pages.clear": Door(P.MANAGE_QUARANTINE, {"name": "backup_failed", "subject": "deployment"}),
    # Category schemes and their workbooks
    **{
        endpoint: Door(ROLES_FOR[P.READ_CASES] | ROLES_FOR[P.MANAGE_STANDARDS])
        for endpoint in (
            *("category_schemes_api.versions", "category_schemes_api.classes", "category_schemes_api.export"),
            *("scheme_pages.schemes", "scheme_pages.version", "scheme_pages.download"),
        )
    },
    "category_workbooks_api.bring": Door(
        P.MANAGE_STANDARDS, query={"effective_from": "2026-12-01"}, file=b"x", media_type="text/csv"
    ),
    "scheme_pages.bring": Door(P.MANAGE_STANDARDS, {"scheme": "x", "version": "1"}),
    # Duplicates
    **_all(P.READ_CASES, "duplicates_api.links", "duplicates_api.duplicates", "duplicates_api.policies"),
    **_all(P.READ_CASES, "duplicates_pages.duplicates"),
    "duplicates_api.merge": Door(P.MERGE_CASES, {"into": "<case_id>", **REASON}),
    "duplicates_api.undo_merge": Door(P.MERGE_CASES, REASON),
    "duplicates_api.decide": Door(P.MERGE_CASES, {"accept": True, **REASON}),
    "duplicates_pages.decide": Door(P.MERGE_CASES, {"decision": "accept", **REASON}),
    "duplicates_pages.merge": Door(P.MERGE_CASES, {"into": "<case_id>", **REASON}),
    "duplicates_api.set_policy": Door(P.MANAGE_RESPONSIBILITY, POLICY | {"action": "off"}),
    "duplicates_api.drop_policy": Door(P.MANAGE_RESPONSIBILITY, query=POLICY),
    # Responsibility and field tasks
    **_all(P.READ_CASES, "dispatching_api.responsibilities", "dispatching_api.case_proposals"),
    **_all(P.READ_CASES, "dispatching_api.tasks", "dispatching_pages.responsibilities", "dispatching_pages.tasks"),
    **{f"dispatching_{side}.put_entry": Door(P.MANAGE_RESPONSIBILITY, ENTRY) for side in ("api", "pages")},
    **{
        f"dispatching_{side}.end_entry": Door(P.MANAGE_RESPONSIBILITY, {"valid_to": "2026-12-31"})
        for side in ("api", "pages")
    },
    **{
        f"dispatching_{side}.determine": Door(P.MANAGE_RESPONSIBILITY, {"lead_squad_id": "<squad_id>", "basis": "属地"})
        for side in ("api", "pages")
    },
    "dispatching_api.order_task": Door(P.DISPATCH_CASE, {"kind": "patrol", "officer_id": "<officer_id>"}),
    "dispatching_pages.order_task": Door(P.DISPATCH_CASE, {"kind": "patrol", "case_id": "<case_id>"}),
    "dispatching_api.reassign": Door(P.DISPATCH_CASE, {"officer_id": "<officer_id>", **REASON}),
    "dispatching_api.withdraw": Door(P.DISPATCH_CASE, REASON),
    "dispatching_pages.change_task": Door(P.DISPATCH_CASE, REASON),
    # Requests for more time, appeals, forced ends
    **_all(P.READ_CASES, "requests_api.of_case", "requests_api.listing", "requests_api.take_back"),
    **_all(P.READ_CASES, "requests_pages.requests", "requests_pages.of_case"),
    "requests_api.make": Door(P.READ_CASES, {"kind": "extension", **REASON}),
    "requests_pages.make": Door(P.READ_CASES, {"kind": "extension", **REASON}),
    "requests_api.settle": Door(DECIDING, {"verdict": "approve", **REASON}),
    "requests_pages.settle": Door(DECIDING, {"step": "approve", **REASON}),
    # The inbox is each desk's own; the field has its handset
    **_all(DESK_ROLES, "inbox_api.listing", "inbox_api.unread", "inbox_api.mark_read", "inbox_api.mark_all_read"),
    **_all(DESK_ROLES, "inbox_pages.inbox", "inbox_pages.open_notice"),
    "inbox_pages.mark_all_read": Door(DESK_ROLES, {"through": "<case_id>"}),
}
