"""Looks a layer over before it may hold: codes, shapes, overlaps and gaps, each named by its features and its place.

Knows shapely, neither the database nor HTTP. 200,000 cells take about half a minute, so call it outside transactions.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import numpy as np
import shapely

from server.geography.coverage import gaps_of, overlaps_of
from server.geography.incoming import Incoming
from server.geography.rules import COVERING, USUAL_DIGITS, Finding, FindingKind, Findings, LayerKind, code_fits

# Such as: Self-intersection[123.5005 30.4995]
_REASON = re.compile(r"(?P<told>[^\[]+)\[(?P<lon>\S+) (?P<lat>\S+)\]")


def look_over(
    kind: LayerKind, features: Sequence[Incoming], so_far: Iterable[Finding] = (), digits: int = USUAL_DIGITS
) -> Findings:
    """Return all findings about a layer; ``so_far``: of features that had no shape; ``digits``: of unit grid codes."""
    found = [*so_far, *_codes(kind, features, digits)]
    if kind in COVERING:
        crossed = dict(_shapes(features))
        found += crossed.values()
        sound = [feature for feature in features if feature.number not in crossed]
        for group in _levels(kind, sound):
            overlaps = list(overlaps_of(group))
            found += [*overlaps, *gaps_of(group, overlapping=bool(overlaps))]
    return Findings.of(found)


def _codes(kind: LayerKind, features: Sequence[Incoming], digits: int) -> Iterator[Finding]:
    wanted = {
        LayerKind.UNIT_GRID: f"a unit grid's code has {digits} digits",
        LayerKind.AREA: "an area's code has 6, 9 or 12 digits",
    }.get(kind, "a code has 1 to 32 characters without blanks")
    by_code: dict[str, list[Incoming]] = {}
    for feature in features:
        by_code.setdefault(feature.code, []).append(feature)
        if not code_fits(kind, feature.code, digits):
            yield Finding(FindingKind.WRONG_CODE, (feature.label,), *_inside(feature), told=wanted)
    for code, same in by_code.items():
        if code and len(same) > 1:
            numbers = ", ".join(f"#{feature.number}" for feature in same[:8])
            told = f"{len(same)} features have it: {numbers}"
            yield Finding(FindingKind.DUPLICATE_CODE, (code,), *_inside(same[1]), told=told)


def _shapes(features: Sequence[Incoming]) -> Iterator[tuple[int, Finding]]:
    """Yield what is wrong with single shapes, by the feature's number."""
    shapes = np.array([feature.shape for feature in features], dtype=object)
    for index in np.flatnonzero(~shapely.is_valid(shapes)).tolist():
        feature = features[index]
        reason = str(shapely.is_valid_reason(feature.shape))
        match = _REASON.fullmatch(reason)
        told, place = reason, _inside(feature)
        if match:
            told, place = match["told"], (float(match["lon"]), float(match["lat"]))
        crossing = "self-intersection" in told.lower()
        kind = FindingKind.SELF_CROSSING if crossing else FindingKind.BROKEN_SHAPE
        yield feature.number, Finding(kind, (feature.label,), *place, told=told)


def _levels(kind: LayerKind, features: Sequence[Incoming]) -> Iterator[list[Incoming]]:
    """Yield the features that cover the ground together: of areas those of one level, by the code's length."""
    if kind is not LayerKind.AREA:
        yield list(features)
        return
    ordered = sorted(features, key=lambda feature: len(feature.code))
    for _length, group in groupby(ordered, key=lambda feature: len(feature.code)):
        yield list(group)


def _inside(feature: Incoming) -> tuple[float, float]:
    lon, lat, _east, _north = feature.shape.bounds
    return lon, lat
