"""The auditor: compares what the handsets wrote with what the server has, item by item and photo by photo.

It trusts no counter of the run. It looks both ways, so that a record missing on either side is found: what an
outbox holds must be in the server's books with its effect and its photographs' bytes, and what the server holds
must be in an outbox. Knows no HTTP and no database; `ServerBooks` brings the server's side.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sync.fleet.books import Effect, InboxEntry, OutboxBook, OutboxItem, ServerBooks, read_outbox
from sync.fleet.crew import read_crew
from sync.handset import PENDING

# What an applied item of each kind must have brought about, exactly once.
_EFFECT_OF = {"report": "case", "task_event": "task_event"}


class Verdict(StrEnum):
    """How bad a finding is; any of them fails the run."""

    LOST = "lost"
    DOUBLED = "doubled"
    UNDELIVERED = "undelivered"


@dataclass(frozen=True)
class Finding:
    """One thing that does not balance: its verdict, a stable ``cause`` and what exactly."""

    verdict: Verdict
    cause: str
    subject: str


@dataclass(frozen=True)
class Tally:
    """The run in numbers, all taken from the two sides' books."""

    handsets: int
    made: int
    applied: int
    duplicates_answered: int
    waiting: int
    quarantined: int
    superseded: int
    photos_declared: int
    photos_present: int
    photos_missing: int
    cases_reported: int
    cases_closed: int
    lost: int
    doubled: int
    undelivered: int


@dataclass(frozen=True)
class Audit:
    """An audit's outcome; a run is sound when there are no findings."""

    tally: Tally
    findings: tuple[Finding, ...]

    def is_sound(self) -> bool:
        """Say whether everything balances."""
        return not self.findings


def audit_run(folder: Path, server: ServerBooks) -> Audit:
    """Audit a run's folder against the server's books; FileNotFoundError when the folder holds no run."""
    crew = read_crew(folder)
    outboxes: list[OutboxBook] = []
    findings: list[Finding] = []
    for post in crew:
        try:
            outbox = read_outbox(folder / post.folder_name)
        except FileNotFoundError:
            findings.append(Finding(Verdict.LOST, "outbox-gone", post.folder_name))
            continue
        if outbox.install_id != post.install_id:
            findings.append(Finding(Verdict.LOST, "outbox-of-another-install", post.folder_name))
        outboxes.append(outbox)
    return audit_books(outboxes, server, installs=[post.install_id for post in crew], known=findings)


def audit_books(
    outboxes: Sequence[OutboxBook], server: ServerBooks, *, installs: Sequence[str], known: Iterable[Finding] = ()
) -> Audit:
    """Compare outboxes with the server's books; ``known`` are findings made before."""
    items = {item.id: item for outbox in outboxes for item in outbox.items}
    entries = list(server.inbox(installs))
    every_id = items.keys() | {entry.item_id for entry in entries}
    effects = list(server.effects(every_id))
    declared = server.declared(items.keys())
    hashes = {sha256 for item in items.values() for sha256 in item.photos}
    hashes |= {photo.sha256 for outbox in outboxes for photo in outbox.photos}
    originals = server.originals(hashes)
    present = sum(originals.get(sha256) == sha256 for sha256 in hashes)
    findings = [
        *known,
        *(finding for outbox in outboxes for finding in _check_outbox(outbox)),
        *_check_inbox(items, entries),
        *_check_rows(entries),
        *_check_effects(items, entries, effects),
        *_check_photos(items, entries, declared),
        *_check_originals(outboxes, hashes, originals),
    ]
    tally = _tally(outboxes, entries, effects, findings, present=present, declared=len(hashes))
    return Audit(tally, tuple(findings))


def _check_outbox(outbox: OutboxBook) -> Iterator[Finding]:
    """Check that an outbox holds items 1 to made without a gap, chained by fingerprint, each as it was signed."""
    held = {item.dseq: item for item in outbox.items}
    for dseq in range(1, max([outbox.made, *held]) + 1):
        if dseq not in held:
            yield Finding(Verdict.LOST, "outbox-gap", f"{outbox.name} item {dseq}")
        elif dseq > outbox.made:
            yield Finding(Verdict.DOUBLED, "outbox-beyond-counter", f"{outbox.name} item {dseq}")
    for item in outbox.items:
        before = held.get(item.dseq - 1)
        if item.fingerprint != item.stored_fingerprint:
            yield Finding(Verdict.LOST, "outbox-item-altered", f"{outbox.name} item {item.dseq}")
        if before is not None and item.previous != before.fingerprint:
            yield Finding(Verdict.LOST, "outbox-chain-broken", f"{outbox.name} item {item.dseq}")
        if not item.acked:
            yield Finding(Verdict.UNDELIVERED, "item-unsent", f"{outbox.name} item {item.dseq}")
    for photo in outbox.photos:
        if photo.actual_sha256 != photo.sha256:
            yield Finding(Verdict.LOST, "outbox-photo-damaged", f"{outbox.name} photo {photo.sha256[:12]}")


def _check_inbox(items: Mapping[str, OutboxItem], entries: Sequence[InboxEntry]) -> Iterator[Finding]:
    """Check that every acknowledged item is in the inbox as it was written, and nothing else is there."""
    stored = {(entry.item_id, entry.fingerprint) for entry in entries}
    for item in items.values():
        if item.acked and (item.id, item.fingerprint) not in stored:
            yield Finding(Verdict.LOST, "not-in-inbox", f"{item.kind} {item.id}")
    for item_id, fingerprint in sorted(stored):
        known = items.get(item_id)
        if known is None:
            yield Finding(Verdict.LOST, "phantom", f"item {item_id} is in no outbox")
        elif known.fingerprint != fingerprint:
            yield Finding(Verdict.DOUBLED, "other-content", f"item {item_id}")


def _check_rows(entries: Sequence[InboxEntry]) -> Iterator[Finding]:
    """Check that an item and its content stand once in the inbox, and that one row of an item is the primary."""
    rows = Counter((entry.item_id, entry.fingerprint) for entry in entries)
    primaries = Counter(entry.item_id for entry in entries if entry.is_primary)
    for (item_id, _), count in rows.items():
        if count > 1:
            yield Finding(Verdict.DOUBLED, "stored-twice", f"item {item_id}")
    for item_id in {entry.item_id for entry in entries}:
        if primaries[item_id] > 1:
            yield Finding(Verdict.DOUBLED, "two-primaries", f"item {item_id}")
        elif primaries[item_id] == 0:
            yield Finding(Verdict.LOST, "no-primary", f"item {item_id}")


def _check_effects(
    items: Mapping[str, OutboxItem], entries: Sequence[InboxEntry], effects: Sequence[Effect]
) -> Iterator[Finding]:
    """Check that an applied item has its one effect, none has two of a kind, and none comes from nowhere."""
    counts = Counter((effect.item_id, effect.kind) for effect in effects)
    applied = {entry.item_id for entry in entries if entry.is_primary and entry.state == "applied"}
    for item_id in sorted(applied & items.keys()):
        wanted = _EFFECT_OF.get(items[item_id].kind)
        if wanted and counts[item_id, wanted] == 0:
            yield Finding(Verdict.LOST, "no-effect", f"{items[item_id].kind} {item_id} has no {wanted}")
    for (item_id, kind), count in counts.items():
        if count > 1:
            yield Finding(Verdict.DOUBLED, "doubled-effect", f"item {item_id} has {count} of {kind}")
    received = {entry.item_id for entry in entries}
    for item_id in sorted({effect.item_id for effect in effects} - received):
        yield Finding(Verdict.LOST, "effect-without-item", f"item {item_id} is not in the inbox")


def _check_photos(
    items: Mapping[str, OutboxItem], entries: Sequence[InboxEntry], declared: Mapping[str, Collection[str]]
) -> Iterator[Finding]:
    """Check that the server expects or has every photograph that an interpreted item declares, with that item."""
    interpreted = {entry.item_id for entry in entries if entry.state in {"applied", "superseded"}}
    for item_id in sorted(interpreted & items.keys()):
        for sha256 in items[item_id].photos:
            if sha256 not in declared.get(item_id, ()):
                yield Finding(Verdict.LOST, "photo-not-declared", f"photo {sha256[:12]} of item {item_id}")


def _check_originals(
    outboxes: Sequence[OutboxBook], hashes: Iterable[str], originals: Mapping[str, str]
) -> Iterator[Finding]:
    """Check that every original is in the store with bytes of the hash it is stored under."""
    on_their_way = {
        photo.sha256
        for outbox in outboxes
        for photo in outbox.photos
        if photo.state == PENDING and photo.actual_sha256 == photo.sha256
    }
    for sha256 in sorted(hashes):
        if sha256 not in originals and sha256 in on_their_way:
            yield Finding(Verdict.UNDELIVERED, "photo-unsent", f"photo {sha256[:12]}")
        elif sha256 not in originals:
            yield Finding(Verdict.LOST, "photo-missing", f"photo {sha256[:12]}")
        elif originals[sha256] != sha256:
            yield Finding(Verdict.LOST, "photo-wrong-bytes", f"photo {sha256[:12]}")


def _tally(
    outboxes: Sequence[OutboxBook],
    entries: Sequence[InboxEntry],
    effects: Sequence[Effect],
    findings: Sequence[Finding],
    *,
    present: int,
    declared: int,
) -> Tally:
    states = Counter(entry.state for entry in entries if entry.is_primary)
    verdicts = Counter(finding.verdict for finding in findings)
    cases = [effect for effect in effects if effect.kind == "case"]
    return Tally(
        handsets=len(outboxes),
        made=sum(outbox.made for outbox in outboxes),
        applied=states["applied"],
        duplicates_answered=sum(item.state == "duplicate" for outbox in outboxes for item in outbox.items),
        waiting=states["waiting"],
        quarantined=states["quarantined"],
        superseded=states["superseded"],
        photos_declared=declared,
        photos_present=present,
        photos_missing=declared - present,
        cases_reported=len({case.id for case in cases}),
        cases_closed=len({case.id for case in cases if case.state == "closed"}),
        lost=verdicts[Verdict.LOST],
        doubled=verdicts[Verdict.DOUBLED],
        undelivered=verdicts[Verdict.UNDELIVERED],
    )
