"""A set of numbers kept as runs: a million numbers without a gap cost one pair."""

from bisect import bisect_right
from collections.abc import Iterable


class Runs:
    """Numbers added in any order, asked for what is missing in a span."""

    def __init__(self) -> None:
        self._runs: list[tuple[int, int]] = []

    def add(self, numbers: Iterable[int]) -> None:
        """Add numbers; cheap when they come in large chunks."""
        merged: list[tuple[int, int]] = []
        for first, last in sorted([*self._runs, *((number, number) for number in set(numbers))]):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        self._runs = merged

    def missing(self, first: int, last: int) -> list[tuple[int, int]]:
        """Return the runs of ``first`` to ``last`` that were never added."""
        found = []
        place = max(0, bisect_right(self._runs, (first, float("inf"))) - 1)
        for begun, ended in self._runs[place:]:
            if begun > last:
                break
            if begun > first:
                found.append((first, begun - 1))
            first = max(first, ended + 1)
        if first <= last:
            found.append((first, last))
        return found
