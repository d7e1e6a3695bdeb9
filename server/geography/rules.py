"""Rules of geography: kinds of layers, forms of codes, what a finding is and which ones stop a layer. Pure."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum

MOST_BYTES = 50 * 1024 * 1024
MOST_FEATURES = 200_000
# The rest is counted only: nobody reads more, and a layer in the wrong order of axes has one for each feature.
MOST_FINDINGS = 500


class LayerKind(StrEnum):
    """What a layer holds: areas (行政区划), unit grids (单元网格), responsibility grids (责任网格), anything else."""

    AREA = "area"
    UNIT_GRID = "unit_grid"
    RESPONSIBILITY_GRID = "responsibility_grid"
    OTHER = "other"


class LayerStatus(StrEnum):
    """A draft is looked over, one version at a time is current, those before it are kept: cases name their codes."""

    DRAFT = "draft"
    CURRENT = "current"
    RETIRED = "retired"


# Kinds whose features must cover their ground once: at most one such layer of an agency is current.
COVERING = (LayerKind.AREA, LayerKind.UNIT_GRID, LayerKind.RESPONSIBILITY_GRID)
# GB/T 30428.1's unit grid has 15 digits (6 county, 3 street, 3 community, 3 sequence); older data has 14, one schema
# reserves 16 (domain.md section 2.4). An area's code is the front of such a code.
USUAL_DIGITS = 15
GRID_DIGITS = (14, 15, 16)
AREA_DIGITS = (6, 9, 12)
_NAME_CODE = re.compile(r"[^\s\x00-\x1f]{1,32}")


def code_fits(kind: LayerKind, code: str, digits: int = USUAL_DIGITS) -> bool:
    """Tell whether ``code`` has the form of its kind; ``digits`` are those of the city's unit grid codes."""
    if kind is LayerKind.UNIT_GRID:
        return code.isascii() and code.isdecimal() and len(code) == digits
    if kind is LayerKind.AREA:
        return code.isascii() and code.isdecimal() and len(code) in AREA_DIGITS
    return _NAME_CODE.fullmatch(code) is not None


class FindingKind(StrEnum):
    """What can be wrong with a layer."""

    GAP = "gap"
    SLIT = "slit"
    OVERLAP = "overlap"
    SELF_CROSSING = "self_crossing"
    BROKEN_SHAPE = "broken_shape"
    DUPLICATE_CODE = "duplicate_code"
    WRONG_CODE = "wrong_code"
    UNKNOWN_CELL = "unknown_cell"


# A lake without cells is a gap too: somebody who knows the ground may say so in writing. All else is repaired.
FORGIVABLE = frozenset({FindingKind.GAP})
# An opening at the layer's edge may be the shore's own form.
WARNINGS = frozenset({FindingKind.SLIT})


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: which features, where (CGCS2000; None without a place), how large, in which words.

    ``codes`` are at most eight; a feature without a code is told as ``#`` and its place in the file, from 1.
    """

    kind: FindingKind
    codes: tuple[str, ...]
    lon: float | None = None
    lat: float | None = None
    area_m2: float | None = None
    told: str | None = None

    @property
    def stops(self) -> bool:
        """Tell whether a layer with it cannot be activated just so."""
        return self.kind not in WARNINGS

    @property
    def forgivable(self) -> bool:
        """Tell whether a written reason makes up for it."""
        return self.kind in FORGIVABLE


@dataclass(frozen=True)
class Findings:
    """What was found: the first ``MOST_FINDINGS``, and how many of each kind there are in all."""

    first: tuple[Finding, ...]
    counts: dict[str, int]

    @classmethod
    def of(cls, found: Iterable[Finding]) -> "Findings":
        """Return the findings, those that stop a layer first."""
        ordered = sorted(found, key=lambda one: (not one.stops, one.forgivable))
        counts: dict[str, int] = {}
        for one in ordered:
            counts[one.kind.value] = counts.get(one.kind.value, 0) + 1
        return cls(tuple(ordered[:MOST_FINDINGS]), counts)

    @property
    def stopping(self) -> tuple[str, ...]:
        """Return the kinds that no reason makes up for."""
        return tuple(kind for kind in self.counts if FindingKind(kind) not in FORGIVABLE | WARNINGS)

    @property
    def forgivable(self) -> tuple[str, ...]:
        """Return the kinds that need a written reason."""
        return tuple(kind for kind in self.counts if FindingKind(kind) in FORGIVABLE)

    def as_text(self) -> str:
        """Return them as JSON text, as they are stored."""
        first = [asdict(one) for one in self.first]
        return json.dumps({"first": first, "counts": self.counts}, ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> "Findings":
        """Return the findings that `as_text` wrote."""
        told = json.loads(text)
        first = (
            Finding(**{**one, "kind": FindingKind(one["kind"]), "codes": tuple(one["codes"])}) for one in told["first"]
        )
        return cls(tuple(first), told["counts"])
