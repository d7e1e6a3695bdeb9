"""What the worker does for the truth of the server's books: late things every hour, everything once a night."""

from zoneinfo import ZoneInfo

from server.clock import now
from server.current import blobs, settings
from server.gateway.truth.audit import all_checks, audit, late_checks
from server.jobs import periodic
from server.logs import log

# Between the last shift and the first one, after the backup of many installations.
NIGHT_HOUR = 3


@periodic(minutes=60)
def look_for_late() -> None:
    """Raise alarms for gaps and photographs that are overdue."""
    for _finding in audit(late_checks()):
        pass


@periodic(minutes=60)
def audit_by_night() -> None:
    """Audit everything once a night, photographs by sample; what it finds is an alarm, and stands in the log."""
    if now().astimezone(ZoneInfo(settings().timezone)).hour != NIGHT_HOUR:
        return
    count = sum(1 for _finding in audit(all_checks(blobs(), deep=False)))
    log.info("audited", findings=count)
