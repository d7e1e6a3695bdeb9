"""Alarms: a breach (or suspected breach) of a promise has a name, is counted, and stays until a person clears it.

Promise P8 of docs/protocol.md. Any subject's operation may raise one in its own transaction. Knows no Flask.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from server.clock import now
from server.ledger.models import Alarm
from server.ledger.operations import Doer, record
from server.problems import Problem, _
from server.upsert import insert

# What each name means and what an operator does first; message ids, translated where they are shown.
NAMES: dict[str, str] = {
    "acked_beyond_store": _(
        "A handset was told that more is stored than the server has: after a restore it sends the rest again by itself;"
        " otherwise look for lost rows."
    ),
    "digest_mismatch": _("A handset's mirror differs from the server's: it reconciles; if it repeats, report a fault."),
    "feed_mark_missing": _("A change was not announced to handsets: run `flask sync audit`, then report a fault."),
    "feed_mark_stale": _("A feed mark names another version than the record has: handsets may miss a change."),
    "feed_scope_broken": _("A feed's numbers contradict each other: handsets may skip changes; report a fault."),
    "sweep_woke_item": _("A waiting item was found by the sweep, not by what it waited for: report a fault."),
    "render_failed": _("A record could not be prepared for handsets; they keep what they have. See the log."),
    "interpretation_died": _("The server died twice while it applied an item: it is in quarantine for a person."),
    "item_gap": _("An item that lies before delivered ones never came: bring its handset to a place with signal."),
    "photo_overdue": _("A photograph was declared over a day ago, its handset was in touch since, and it is missing."),
    "photo_lost": _("A photograph that had arrived is not in the store any more: restore it from the backup."),
    "photo_damaged": _("A photograph in the store is not what its hash says: restore it from the backup."),
    "photo_mismatched": _("A handset sent other bytes than it declared, twice: they are kept; a person must look."),
    "store_unreachable": _("The photo store does not answer; photographs wait on this machine until it does."),
    "node_silent": _("A machine is silent that alone holds photographs: start it, or its handsets must send again."),
    "checkpoint_forked": _("Two checkpoints of the custody log contradict each other: the log was rewritten."),
    "custody_behind": _("Custody events have waited for over a minute to be numbered: look at the worker."),
    "count_mismatch": _("A handset's counts do not fit its stored items: rows were lost or changed from outside."),
    "effect_missing": _("An applied item has no case, answer or evidence: replay it, and report a fault."),
    "effect_doubled": _("An item had its effect twice, or one without an item: report a fault."),
    "epoch_changed": _("This database was restored or replaced: handsets now send again what it lacks."),
    "backup_old": _("The newest backup that was read back is too old: look at the backup job."),
    "backup_failed": _("A backup could not be made or not be read back: look at its log today."),
}
MOST_LISTED = 200
_SUBJECT_LENGTH = 160
# Not server.logs: operations import this module, and they never see Flask.
_log = structlog.get_logger("xuncha")


@dataclass(frozen=True)
class OpenAlarm:
    """An alarm that nobody cleared; ``subject`` says of what, such as ``install:<id>`` or ``scope:<name>``."""

    name: str
    subject: str
    count: int
    first_at: datetime
    last_at: datetime
    facts: dict[str, Any]

    @property
    def meaning(self) -> str:
        """Return the sentence for an operator."""
        return NAMES.get(self.name, "")


def raise_alarm(session: Session, name: str, subject: str, facts: Mapping[str, Any]) -> None:
    """Count an alarm in the caller's transaction; one that was cleared opens again and counts from one.

    ``facts`` is whatever JSON holds, of this occurrence; they replace those of the one before. Raises ValueError for
    a name that is not in NAMES. A caller that rolls back afterwards raises it again in a transaction of its own.
    """
    if name not in NAMES:
        msg = f"{name!r} is no alarm: add it to server.ledger.alarms.NAMES with a sentence for the operator"
        raise ValueError(msg)
    moment = now()
    # A subject may quote what a handset sent; PostgreSQL takes neither NUL nor half a surrogate pair.
    shown = "".join(letter if letter.isprintable() else "?" for letter in subject)[:_SUBJECT_LENGTH]
    raised = insert(session, Alarm).values(
        name=name,
        subject=shown,
        count=1,
        first_at=moment,
        last_at=moment,
        # ASCII: a fact may be half a surrogate pair from a handset, which no database takes.
        facts=json.dumps(dict(facts), default=str, sort_keys=True),
    )
    session.execute(
        raised.on_conflict_do_update(
            index_elements=[Alarm.name, Alarm.subject],
            set_={
                "count": case((Alarm.cleared_at.is_(None), Alarm.count + 1), else_=1),
                "first_at": case((Alarm.cleared_at.is_(None), Alarm.first_at), else_=raised.excluded.first_at),
                "last_at": raised.excluded.last_at,
                "facts": raised.excluded.facts,
                "cleared_at": None,
            },
        )
    )
    _log.warning("alarm", name=name, subject=shown, facts=dict(facts))


def open_alarms(session: Session, limit: int = MOST_LISTED) -> list[OpenAlarm]:
    """Return the alarms that nobody cleared, newest first."""
    rows = session.execute(
        select(Alarm.name, Alarm.subject, Alarm.count, Alarm.first_at, Alarm.last_at, Alarm.facts)
        .where(Alarm.cleared_at.is_(None))
        .order_by(Alarm.last_at.desc(), Alarm.name, Alarm.subject)
        .limit(limit)
    )
    return [OpenAlarm(*row[:5], facts=json.loads(row.facts)) for row in rows]


def count_open(session: Session) -> dict[str, tuple[int, int]]:
    """Return per name how many subjects are in alarm and how often they were raised; a quiet name has no entry."""
    rows = session.execute(
        select(Alarm.name, func.count(), func.sum(Alarm.count)).where(Alarm.cleared_at.is_(None)).group_by(Alarm.name)
    )
    return {name: (subjects, int(times)) for name, subjects, times in rows}


def clear_alarm(session: Session, actor_id: UUID, name: str, subject: str) -> None:
    """Clear an alarm and keep who did it; clearing a cleared one changes nothing. Raises not-found."""
    alarm = session.get(Alarm, (name, subject), with_for_update=True) if subject.isprintable() else None
    if alarm is None:
        raise Problem("not-found")
    if alarm.cleared_at is not None:
        return
    alarm.cleared_at = now()
    told = {"subject": subject, "count": alarm.count, "facts": json.loads(alarm.facts)}
    record(session, "alarm_cleared", ("alarm", name), Doer(officer_id=actor_id), told)
