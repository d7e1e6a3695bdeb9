"""Words for limits in the reader's language (message ids are the English words)."""

from server.i18n import _, lazy_
from server.standards.rules import LimitStage
from server.standards.timing import Clock, Limit

STAGES = {
    LimitStage.ACCEPTANCE: lazy_("Acceptance"),
    LimitStage.VERIFICATION: lazy_("Verification"),
    LimitStage.DISPATCH: lazy_("Dispatch"),
    LimitStage.DISPOSAL: lazy_("Disposal"),
    LimitStage.CHECK: lazy_("Check"),
}


def limit_words(limit: Limit) -> str:
    """Return a limit as people say it: 4 working hours."""
    amount = f"{limit.amount.normalize():f}"
    told: dict[Clock, str] = {
        Clock.EMERGENCY_HOUR: _("%(amount)s emergency hours", amount=amount),
        Clock.WORK_HOUR: _("%(amount)s working hours", amount=amount),
        Clock.WORK_DAY: _("%(amount)s working days", amount=amount),
        Clock.NATURAL_DAY: _("%(amount)s natural days", amount=amount),
    }
    return told[limit.clock]
