"""What a check found wrong: named up to a bound, counted beyond it. Knows nothing of the checks."""

from dataclasses import dataclass, field

MOST_NAMED = 200


@dataclass(frozen=True)
class Fault:
    """One thing that differs: in which log (or file), and a sentence."""

    where: str
    says: str


@dataclass
class Faults:
    """The faults of one run; a log that was cut in two has thousands, of which the first ones tell enough."""

    named: list[Fault] = field(default_factory=list)
    count: int = 0

    def add(self, where: str, says: str) -> None:
        """Count a fault, and name it while there is room."""
        self.count += 1
        if len(self.named) < MOST_NAMED:
            self.named.append(Fault(where, says))
