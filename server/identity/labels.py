"""Words for identity's identifiers in the reader's language (message ids are the English words)."""

from typing import Any

from server.i18n import lazy_

ROLES: dict[str, Any] = {
    "collector": lazy_("Information collector"),
    "enforcement_officer": lazy_("Enforcement officer"),
    "assistant": lazy_("Assistant"),
    "acceptance": lazy_("Acceptance operator"),
    "dispatcher": lazy_("Dispatcher"),
    "unit": lazy_("Disposal unit"),
    "supervisor": lazy_("Supervisor"),
    "reviewer": lazy_("Reviewer"),
    "system_admin": lazy_("System administrator"),
    "security_admin": lazy_("Security administrator"),
    "audit_admin": lazy_("Audit administrator"),
}
AGENCY_KINDS: dict[str, Any] = {
    "city": lazy_("City"),
    "district": lazy_("District"),
    "county": lazy_("County"),
    "town": lazy_("Town"),
    "street": lazy_("Street office"),
    "community": lazy_("Community"),
}
# What administration notes; a newer action shows its identifier where no word stands here.
AUDIT_ACTIONS: dict[str, Any] = {
    "signed_in": lazy_("Signed in"),
    "wrong_password": lazy_("Wrong password"),
    "wrong_code": lazy_("Wrong code of the second factor"),
    "signed_out": lazy_("Signed out"),
    "signed_out_everywhere": lazy_("Signed out everywhere"),
    "password_changed": lazy_("Password changed"),
    "password_reset": lazy_("Password reset"),
    "second_factor_set_up": lazy_("Second factor set up"),
    "second_factor_removed": lazy_("Second factor removed"),
    "second_factor_reset": lazy_("Second factor reset"),
    "officer_created": lazy_("Account made"),
    "officer_changed": lazy_("Account changed"),
    "deactivated": lazy_("Account closed"),
    "reactivated": lazy_("Account opened"),
    "role_granted": lazy_("Role granted"),
    "role_revoked": lazy_("Role taken"),
    "agency_created": lazy_("Agency made"),
    "agency_renamed": lazy_("Agency renamed"),
    "squad_created": lazy_("Squad made"),
    "squad_renamed": lazy_("Squad renamed"),
    "code_issued": lazy_("Enrolment code issued"),
    "enrolled": lazy_("Handset enrolled"),
    "enrolled_again": lazy_("Handset enrolled again"),
    "officer_joined": lazy_("Officer joined a handset"),
    "handset_revoked": lazy_("Handset revoked"),
    "audit_read": lazy_("Audit log read"),
    "audit_exported": lazy_("Audit log exported"),
    "calendar_days_set": lazy_("Days of the calendar set"),
    "calendar_day_cleared": lazy_("Day of the calendar taken back"),
    "work_schedule_set": lazy_("Hours of work set"),
    "work_schedule_cleared": lazy_("Hours of work taken back"),
    "standards_imported": lazy_("Case standards imported"),
    "layer_imported": lazy_("Layer imported"),
    "layer_activated": lazy_("Layer activated"),
    "layer_discarded": lazy_("Layer thrown away"),
    "grid_officers_set": lazy_("Officers of a grid set"),
    "responsibility_set": lazy_("Responsibility set"),
    "responsibility_ended": lazy_("Responsibility ended"),
    "duplicate_policy_set": lazy_("Duplicate policy set"),
    "duplicate_policy_dropped": lazy_("Duplicate policy dropped"),
    "required_shots_set": lazy_("Required photographs set"),
}
# What an entry is about.
AUDIT_SUBJECTS: dict[str, Any] = {
    "agency": lazy_("Agency"),
    "officer": lazy_("Officer"),
    "squad": lazy_("Squad"),
    "install": lazy_("Handset"),
    "standard": lazy_("Case standards"),
    "geo_layer": lazy_("Layer"),
    "responsibility_grid": lazy_("Responsibility grid"),
    "responsibility": lazy_("Responsibility"),
    "duplicate_policy": lazy_("Duplicate policy"),
}
