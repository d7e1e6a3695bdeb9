"""What the worker does for the custody log: number, sign, ask for the time; and say so when it falls behind."""

from datetime import timedelta

from server.clock import now
from server.db import read, transact
from server.jobs import periodic
from server.ledger.alarms import raise_alarm
from server.ledger.custody.checkpoints import is_due, sign_checkpoint
from server.ledger.custody.sequencer import sequence, waits_since

# In one run; a database that was upgraded with millions of events catches up over some runs.
MOST_IN_A_RUN = 100_000
# After a run nothing should wait; what was committed while it ran is younger than this.
BEHIND = timedelta(seconds=60)


@periodic(minutes=1)
def keep_log() -> None:
    """Give numbers to what was committed, and sign a checkpoint if one is due."""
    try:
        sequence(MOST_IN_A_RUN)
    except Exception:
        # When numbering failed is when events wait. A process that dies in it (no Exception) watches nothing more.
        watch()
        raise
    watch()
    if read(is_due, now()):
        sign_checkpoint()


@periodic(minutes=5)
def ask_for_time() -> None:
    """Get a time token for the newest checkpoint, if a time authority is configured."""
    # The authority's client costs every web process half a second to load, and none of them asks.
    from server.ledger.custody.timestamps import stamp_latest  # noqa: PLC0415

    stamp_latest()


def watch() -> None:
    """Raise the alarm if an event waits for its number for longer than a minute, right after all should have one."""
    since = read(waits_since)
    if since is not None and now() - since > BEHIND:
        transact(raise_alarm, "custody_behind", "log", {"since": since.isoformat()})
