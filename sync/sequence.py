"""Which numbers of a handset's own count (`dseq`) the server has: all up to one, and runs beyond the gaps."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

# What lies beyond so many gaps is forgotten here (never in the inbox): it is then told as missing, which is harmless.
MOST_RUNS = 500
MOST_GAPS_TOLD = 100

Run = tuple[int, int]


@dataclass(frozen=True)
class Sequence:
    """Every number from 1 to ``through`` is there; ``beyond`` are runs (first, last) after gaps, in order."""

    through: int = 0
    beyond: tuple[Run, ...] = ()

    @classmethod
    def from_text(cls, through: int, beyond: str) -> "Sequence":
        """Read what `beyond_text` wrote."""
        return cls(through, tuple((first, last) for first, last in json.loads(beyond)))

    def beyond_text(self) -> str:
        """Write the runs beyond the first gap as JSON."""
        return json.dumps([list(run) for run in self.beyond])

    def adding(self, numbers: Iterable[int]) -> "Sequence":
        """Return the sequence with more numbers; those below 1 are no handset's count and are left out."""
        fresh = sorted({number for number in numbers if number > self.through})
        if not fresh:
            return self
        if not self.beyond and fresh[0] == self.through + 1 and fresh[-1] - fresh[0] == len(fresh) - 1:
            return Sequence(fresh[-1])  # the next ones in order: what nearly every push brings
        merged: list[Run] = [(0, self.through)]
        for first, last in sorted([*self.beyond, *((number, number) for number in fresh)]):
            if first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        return Sequence(merged[0][1], tuple(merged[1 : MOST_RUNS + 1]))

    def gaps(self, next_number: int | None = None) -> list[Run]:
        """Return the missing runs, up to the one before ``next_number`` if the handset said what it will give next."""
        found: list[Run] = []
        last = self.through
        for first, end in self.beyond:
            found.append((last + 1, first - 1))
            last = end
        if next_number is not None and next_number - 1 > last:
            found.append((last + 1, next_number - 1))
        return found[:MOST_GAPS_TOLD]
