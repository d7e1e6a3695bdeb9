"""Signed reports in batches as a handset sends them, and what a run took: seconds and CPU seconds."""

import json
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from sync.handset.key import DeviceKey
from sync.item import fingerprint_of
from sync.uuid7 import uuid7

BATCH = 50
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Took:
    """What ``records`` took."""

    records: int
    seconds: float
    cpu_seconds: float
    each: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.seconds

    @property
    def cpu_per_thousand(self) -> float:
        """CPU seconds per 1,000 records."""
        return self.cpu_seconds / self.records * 1000

    def percentile(self, share: float) -> float:
        """Seconds below which this share of the requests stayed."""
        return sorted(self.each)[min(len(self.each) - 1, int(len(self.each) * share))]


@dataclass
class Writer:
    """One officer on one install, who writes reports."""

    install_id: UUID
    officer_id: UUID
    key: DeviceKey
    new_id: Callable[[], UUID] = uuid7
    dseq: int = 0
    prev: str | None = None

    def batch(self) -> bytes:
        """Return the body of a push of 50 reports."""
        wall = datetime.now(UTC).isoformat()
        clock = {"wall": wall, "boot_id": "b1", "mono_ms": 1_000_000}
        envelope = {
            "protocol": 1,
            "batch_id": str(uuid4()),
            "install_id": str(self.install_id),
            "clock": clock,
            "on_handset": {"unsent_items": 0},
            "items": [self._item(clock) for _ in range(BATCH)],
        }
        return json.dumps(envelope, ensure_ascii=False).encode()

    def _item(self, clock: dict[str, object]) -> dict[str, object]:
        self.dseq += 1
        index = {
            "id": str(self.new_id()),
            "dseq": self.dseq,
            "kind": "report",
            "kv": 1,
            "officer_id": str(self.officer_id),
        }
        body = json.dumps({**index, "prev": self.prev, "captured": clock, "payload": payload()}, ensure_ascii=False)
        self.prev = fingerprint_of(body.encode())
        signature = {"alg": "ES256", "value": self.key.sign(str(self.install_id), self.prev)}
        return {**index, "h": self.prev, "body": body, "sig": signature}


def payload() -> dict[str, object]:
    """Return what a report says."""
    return {
        "category": {"scheme": "gbt30428_2_2013", "code": "0110"},
        "description": "人行道上堆放建筑垃圾，占道约两米，行人需绕行机动车道",
        "position": {"lon": 123.512345, "lat": 30.512345, "crs": "wgs84", "accuracy_m": 6.0, "provider": "gnss"},
        "photos": [],
    }


def measured(work: Iterable[Callable[[], int]], trees: Iterable[int]) -> Took:
    """Do ``work`` (each call returns how many records it brought) and return what it took in these process trees."""
    roots = list(trees)
    before, begun = sum(map(cpu_of_tree, roots)), time.perf_counter()
    records, each = 0, []
    for step in work:
        started = time.perf_counter()
        records += step()
        each.append(time.perf_counter() - started)
    seconds = time.perf_counter() - begun
    return Took(records, seconds, sum(map(cpu_of_tree, roots)) - before, tuple(each))


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of one living process, its threads that live included, by the scheduler's own clock.

    Ticks of 10 ms, which are all that :func:`cpu_of_tree` has, say nothing of one photograph.
    """
    spent = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        # One of a pool that was closed a moment ago may go while we look.
        with suppress(FileNotFoundError):
            spent += int((thread / "schedstat").read_text(encoding="ascii").split()[0])
    return spent / 1e9


def cpu_of_tree(root: int) -> float:
    """Return the CPU seconds of a process and all below it, ended children included."""
    children: dict[int, list[int]] = {}
    ticks: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.name))
        ticks[int(entry.name)] = sum(int(field) for field in fields[11:15])
    found, total = [root], 0
    while found:
        pid = found.pop()
        total += ticks.get(pid, 0)
        found += children.get(pid, [])
    return total / _TICKS
