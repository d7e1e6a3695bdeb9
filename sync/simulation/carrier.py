"""One officer with a reference handset in a simulated story: records, synchronises, loses power, gets a new clock."""

import hashlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from sync.handset import Handset, LineBroken, Refused, Snap, SyncTally
from sync.handset.store import FILE_NAME
from sync.simulation.clocks import WrongClock
from sync.simulation.desk import ADDRESS
from sync.simulation.network import SimulatedNetwork
from sync.simulation.ports import Site
from sync.simulation.trace import Trace
from sync.simulation.truth import MadeItem, Truth

_PATIENCE = 40
_FREE_MB = 800


class Carrier:
    """One handset, its officer and what the story knows of them."""

    def __init__(
        self,
        name: str,
        *,
        folder: Path,
        clock: WrongClock,
        network: SimulatedNetwork,
        chance: Random,
        site: Site,
        truth: Truth,
        trace: Trace,
    ) -> None:
        self.name = name
        self.clock = clock
        self.network = network
        self.revoked = False
        self._folder = folder
        self._chance = chance
        self._site = site
        self._truth = truth
        self._trace = trace
        self._open()

    def _open(self) -> None:
        self.handset = Handset(
            self._folder,
            ADDRESS,
            clock=self.clock,
            transport=self.network,
            random=self._chance,
            free_mb=lambda: _FREE_MB,
        )

    def close(self) -> None:
        """Switch the handset off."""
        self.handset.close()

    def restart(self) -> None:
        """End the application on the handset and start it again on the same files."""
        self.close()
        self._open()

    @property
    def install_id(self) -> str:
        """The install's id."""
        return self.handset.install_id

    def enrol(self, new_code: Callable[[], str]) -> None:
        """Enrol over the bad line, trying again with the same code until an answer comes."""
        code = new_code()
        for _ in range(_PATIENCE):
            try:
                self.handset.enrol(code, label=self.name)
            except LineBroken:
                continue
            self._trace.note(self.name, f"enrolled as {self.install_id}")
            return
        raise RuntimeError(f"{self.name} could not be enrolled in {_PATIENCE} attempts")

    def record(self, kind: str, payload: Mapping[str, Any], snaps: Sequence[Snap] = ()) -> str:
        """Record one item and write it into the truth."""
        item_id = self.handset.record(kind, payload, snaps)
        item = self.handset.outbox.item(item_id)
        photos = tuple(hashlib.sha256(snap.data).hexdigest() for snap in snaps)
        self._truth.items.append(MadeItem(self.install_id, item.officer_id, item.id, item.fingerprint, kind, photos))
        self._trace.note(self.name, f"records {kind} {item_id} with {len(snaps)} photographs")
        return item_id

    def sync(self) -> bool:
        """Synchronise once; says whether it came to its end. Whatever was acknowledged must be stored by then."""
        whole = False
        try:
            tally = self.handset.sync()
        except LineBroken as error:
            self._trace.note(self.name, f"sync broke: {error}")
        except Refused as error:
            self._trace.note(self.name, f"sync refused: {error.slug}")
            whole = self.revoked
        else:
            self._trace.note(self.name, f"sync: {_written(tally)}")
            whole = True
        self.check_acknowledged()
        return whole

    def check_acknowledged(self) -> None:
        """Compare what the handset believes stored with the store."""
        acked = {item.id for item in self.handset.outbox.items() if item.acked}
        mine = [item for item in self._truth.of_install(self.install_id) if item.id in acked]
        self._truth.check_acknowledged(self.install_id, mine, self._site.stored(self.install_id))

    def mirrored(self) -> set[tuple[str, str, str]]:
        """Return (type, id, version) of all that the handset shows, read from its file and not through its code."""
        with closing(sqlite3.connect(f"file:{self._folder / FILE_NAME}?mode=ro", uri=True)) as file:
            rows = file.execute(
                "SELECT type, id, v FROM entities WHERE officer_id = ?", (str(self.handset.officer["id"]),)
            )
            return {(str(kind), str(entity_id), str(version)) for kind, entity_id, version in rows}

    def is_quiet(self) -> bool:
        """Say whether nothing waits on this handset."""
        return self.handset.outbox.unsent_count() == 0 and not self.handset.album.pending()


def _written(tally: SyncTally) -> str:
    """Return what a synchronisation did, without what did not happen."""
    names = ("photos", "resumed", "pages", "receipts", "needed", "salvaged", "reconciled")
    counts = [*sorted(tally.answers.items()), *((name, getattr(tally, name)) for name in names)]
    done = [f"{name} {count}" for name, count in counts if count]
    return ", ".join([*done, *["digest differed"] * tally.digest_differed, *tally.told])
