"""What one run of a row of the verification table found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """``count`` trials from seed ``start`` on, actually done; ``failures`` are sentences, empty when all held."""

    row: str
    database: str
    start: int
    count: int
    failures: tuple[str, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        """Tell whether no trial failed."""
        return not self.failures
