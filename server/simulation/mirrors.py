"""Compares each handset's mirror with what its install may see (P5), entity by entity."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from server.simulation.grants import mirrored
from sync.simulation.carrier import Carrier

_MOST_SHOWN = 3


def compare_mirrors(session: Session, carriers: Sequence[Carrier]) -> Iterator[tuple[str, str]]:
    """Yield (promise, what) for every mirror that is not what its install may see now."""
    for carrier in carriers:
        if carrier.revoked:
            continue
        wanted = mirrored(session, UUID(carrier.install_id))
        held = set(carrier.mirrored())
        for what, rows in (("lacks", wanted - held), ("still holds", held - wanted)):
            if rows:
                shown = ", ".join(" ".join(row) for row in sorted(rows)[:_MOST_SHOWN])
                yield "P5", f"the mirror of {carrier.name} {what} {len(rows)}: {shown}"
