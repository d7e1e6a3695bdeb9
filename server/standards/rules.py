"""Rules of standards: the stages that have limits, and the photographs that a class requires at its closing. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

# Those of evidence; standards lies below it and names them only.
STAGES = ("report", "disposal", "check")
ROLES = ("near", "far", "reference", "before", "after", "check")
MOST_OF_A_SHOT = 20
# The code of the rows that hold for every class without rows of its own for their stage.
ALL_CLASSES = ""
# The number of the rows that hold for every condition of a class without rows of its own.
ALL_CONDITIONS = 0


class LimitStage(StrEnum):
    """What has a time limit, in the order of a case's life (domain.md section 2.7)."""

    ACCEPTANCE = "acceptance"
    VERIFICATION = "verification"
    DISPATCH = "dispatch"
    DISPOSAL = "disposal"
    CHECK = "check"


@dataclass(frozen=True, order=True)
class Shot:
    """``count`` photographs of a role, taken at a stage."""

    stage: str
    role: str
    count: int


# What a scheme version without rows of its own demands. After disposal one photograph proves that the problem is gone
# (domain.md section 2.11: at least one from the same angle). None at the report and the check, where usual practice
# asks for two and one: both moments are over when somebody wants to close, so a photograph that was not taken then
# could never be brought, and reports by telephone have none. A city that wants them sets them.
USUAL = (Shot("disposal", "after", 1),)


def shots_of_class(rows: Mapping[str, Sequence[Shot]], code: str) -> tuple[Shot, ...]:
    """Return what a class needs, by ``rows`` = shots by code: at each stage its own rows, else those of all classes."""
    if not rows:
        return USUAL
    own = rows.get(code, ())
    stages = {shot.stage for shot in own}
    return in_order([*own, *(shot for shot in rows.get(ALL_CLASSES, ()) if shot.stage not in stages)])


def in_order(shots: Iterable[Shot]) -> tuple[Shot, ...]:
    """Return shots in the order of the case's life."""
    return tuple(sorted(shots, key=lambda shot: (STAGES.index(shot.stage), ROLES.index(shot.role))))
