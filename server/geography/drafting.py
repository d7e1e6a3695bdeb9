"""Makes a draft of a file: read, looked over, ready to be stored. Slow for a large file: never in a transaction."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from server.base import uuid7
from server.geography.geojson import features, unreadable
from server.geography.incoming import Incoming, Reading, read_features
from server.geography.metres import Numbers, Shapes, areas_m2
from server.geography.rules import USUAL_DIGITS, Findings
from server.geography.validating import look_over
from server.problems import _


@dataclass(frozen=True)
class Draft:
    """What a file holds: rows of geo_feature without their layer, and what is wrong with it."""

    reading: Reading
    rows: tuple[dict[str, Any], ...]
    findings: Findings
    tallest: float


def draft_of(raw: bytes, reading: Reading, digits: int = USUAL_DIGITS) -> Draft:
    """Return the draft of a GeoJSON file; ``digits``: of the city's unit grid codes.

    Raises validation (errors under ``file``) and body-too-large for what is no layer at all; everything that is wrong
    with single features becomes a finding.
    """
    read, found = read_features(features(raw), reading)
    if not read and not found:
        raise unreadable(_("The file has no features."))
    findings = look_over(reading.kind, read, found, digits)
    rows, tallest = _rows(read)
    return Draft(reading, rows, findings, tallest)


def _rows(read: Sequence[Incoming]) -> tuple[tuple[dict[str, Any], ...], float]:
    if not read:
        return (), 0.0
    shapes = np.array([feature.shape for feature in read], dtype=object)
    frames, inside = shapely.bounds(shapes), _inside(shapes)
    texts, areas = shapely.to_geojson(shapes), areas_m2(shapes)
    rows = tuple(
        {
            "id": uuid7(),
            "code": feature.code,
            "name": feature.name,
            "properties": json.dumps(feature.properties, ensure_ascii=False),
            "geometry": text,
            **dict(zip(("min_lon", "min_lat", "max_lon", "max_lat"), frame, strict=True)),
            "area_m2": area,
            "inside_lon": lon,
            "inside_lat": lat,
        }
        for feature, text, frame, area, (lon, lat) in zip(
            read, texts.tolist(), frames.tolist(), areas.tolist(), inside.tolist(), strict=True
        )
    )
    return rows, float((frames[:, 3] - frames[:, 1]).max())


def _inside(shapes: Shapes) -> Numbers:
    """Return a point inside each shape; of one that crosses itself, which has no inside, the middle of its frame."""
    places = shapely.centroid(shapely.envelope(shapes))
    valid = shapely.is_valid(shapes)
    places[valid] = shapely.point_on_surface(shapes[valid])
    points: Numbers = shapely.get_coordinates(places)
    return points
