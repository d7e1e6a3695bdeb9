"""Runs the checks one after the other, chunk by chunk, and turns what they find into alarms."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from photo_store import BlobStore
from server.db import read, transact
from server.gateway.truth import effects, installs, mirrors, overdue, photos
from server.gateway.truth.finding import Check, Finding, Step
from server.gateway.truth.origins import origins
from server.ledger.alarms import raise_alarm

Told = Callable[[str, int], None]
_SHOWN = 5


def late_checks() -> list[Check]:
    """Return the checks that only look at the clock; cheap enough for every hour."""
    return [
        Check("gaps", _reading(overdue.gaps)),
        Check("late photographs", _reading(overdue.photographs)),
    ]


def all_checks(store: BlobStore, *, deep: bool) -> list[Check]:
    """Return every check; ``deep`` reads all originals to their end instead of a sample."""
    return [
        Check("feed of officers", _reading(mirrors.scopes_of_officers)),
        Check("feed of squads", _reading(mirrors.scopes_of_squads)),
        Check("feed numbers", _reading(mirrors.numbers)),
        Check("feed scopes", _reading(mirrors.strays)),
        Check("inbox", _reading(installs.counters)),
        Check("effects", _reading(effects.effects)),
        *origins(_reading),
        Check("photo rows", _reading(photos.recorded)),
        Check("originals", photos.stored(store, deep=deep)),
        *late_checks(),
    ]


def audit(checks: Sequence[Check], told: Told = lambda _check, _looked: None) -> Iterator[Finding]:
    """Run ``checks`` and yield what does not balance, each raised as an alarm before it is yielded.

    ``told`` hears after every chunk which check it was and how many rows it looked at. Memory does not grow with
    the tables; each chunk is read in one snapshot, so that work going on meanwhile is no finding.
    """
    for check in checks:
        after: Any = None
        while True:
            step = check.step(after)
            if step.findings:
                transact(_sound, step.findings)
                yield from step.findings
            told(check.name, step.looked)
            after = step.next
            if after is None:
                break


def _reading(step: Callable[[Session, Any], Step]) -> Callable[[Any], Step]:
    return lambda after: read(step, after)


def _sound(session: Session, findings: Sequence[Finding]) -> None:
    """Raise one alarm per name and subject, in sorted order so that two audits cannot deadlock."""
    grouped: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        grouped[finding.alarm, finding.subject].append(finding)
    for (alarm, subject), found in sorted(grouped.items()):
        told = [f"{finding.check}: {finding.says}" for finding in found[:_SHOWN]]
        raise_alarm(session, alarm, subject, {"findings": len(found), "first": told})
