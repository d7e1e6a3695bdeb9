"""How a handset stands, for its officer: what is unsent, waiting or in need of a human, and what the server said."""

import json
from dataclasses import dataclass
from typing import Any

from sync.handset.device import Device

_STATES = ("waiting", "quarantined", "superseded", "conflict")


@dataclass(frozen=True)
class Standing:
    """Counts of items and photographs; ``clock_advice`` is ``clock_slow``, ``clock_fast`` or None.

    ``backed_up`` counts acknowledged items in a proved backup; ``last_push`` is the server's time (ISO 8601).
    """

    made: int
    unsent: int
    salvaged: int
    waiting: int
    quarantined: int
    superseded: int
    conflict: int
    photos_pending: int
    photos_undeliverable: int
    backed_up: int
    clock_advice: str | None
    last_push: str | None
    is_wiped: bool


def standing_of(device: Device) -> Standing:
    """Read the counts; cheap enough to show after every record."""
    store = device.store
    states = dict.fromkeys(_STATES, 0)
    # The condition is the index's own: only what is not simply done is looked at.
    for row in store.execute(
        "SELECT state, count(*) AS n FROM items WHERE state NOT IN ('applied', 'duplicate') GROUP BY state"
    ):
        states[row["state"]] = row["n"]
    return Standing(
        made=int(store.note("dseq") or 0),
        unsent=store.count("SELECT count(*) FROM items WHERE acked = 0"),
        salvaged=store.count("SELECT count(*) FROM items WHERE acked = 0 AND salvaged = 1"),
        **{state: states[state] for state in _STATES},
        photos_pending=store.count("SELECT count(*) FROM photos WHERE state = 'pending'"),
        photos_undeliverable=store.count("SELECT count(*) FROM photos WHERE state IN ('damaged', 'refused')"),
        backed_up=store.count(
            "SELECT count(*) FROM items WHERE acked = 1 AND n <= ?", int(store.note("backed_up_through") or 0)
        ),
        clock_advice=_advice(store.note("clock")),
        last_push=store.note("pushed_at"),
        is_wiped=device.is_wiped,
    )


def _advice(clock: str | None) -> str | None:
    told: Any = json.loads(clock or "null")
    return str(told["advice"]) if isinstance(told, dict) and told.get("advice") else None
