"""The schemes that come with the product, as files beside this one; a city loads those it works by.

A file is ``{scheme, version, status, source, confidence, effective_from?, limits, required_shots, classes}``. A class
is ``{issue_kind, code, name, name_en, disposing_unit?, minors}``, a minor ``{code, name, name_en, disposing_unit?,
conditions?}``, a condition ``{filing, closing, limit, season?, note?}``. Units of a minor stand above its major's.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from server.standards.content import Condition, Limits, MinorClass, SchemeContent, WrittenLimit
from server.standards.rules import ALL_CLASSES, ALL_CONDITIONS, LimitStage, Shot, in_order
from server.standards.seasons import parse_season
from server.standards.timing import parse_limit

_FOLDER = Path(__file__).parent / "schemes"


def shipped_names() -> tuple[str, ...]:
    """Return the names of the schemes that come with the product."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.json")))


def read_shipped(name: str) -> dict[str, Any]:
    """Return a scheme that comes with the product; raises KeyError for another name."""
    if name not in shipped_names():
        raise KeyError(name)
    read: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return read


def content_from(scheme: Mapping[str, Any]) -> SchemeContent:
    """Return what a file's scheme says; raises KeyError or ValueError where the file is not as described above."""
    classes: dict[str, MinorClass] = {}
    conditions: dict[str, tuple[Condition, ...]] = {}
    limits: dict[tuple[str, int], Limits] = {(ALL_CLASSES, ALL_CONDITIONS): _limits(scheme.get("limits", ()))}
    for major in scheme["classes"]:
        for minor in major["minors"]:
            one = _minor_class(major, minor)
            classes[one.code] = one
            units = major | minor
            own = [_condition(no, told, units) for no, told in enumerate(minor.get("conditions", ()), 1)]
            if own:
                conditions[one.code] = tuple(own)
            for no, told in enumerate(minor.get("conditions", ()), 1):
                limits[one.code, no] = {LimitStage.DISPOSAL: _written(told["limit"])}
    return SchemeContent(classes, conditions, limits, _shots(scheme.get("required_shots", ())))


def _minor_class(major: Mapping[str, Any], minor: Mapping[str, Any]) -> MinorClass:
    return MinorClass(
        major["issue_kind"],
        major["code"],
        minor["code"],
        major["name"],
        minor["name"],
        major["name_en"],
        minor["name_en"],
    )


def _condition(no: int, told: Mapping[str, Any], units: Mapping[str, Any]) -> Condition:
    return Condition(
        no,
        told["filing"],
        told["closing"],
        disposing_unit=units.get("disposing_unit", ""),
        supervising_unit=units.get("supervising_unit", ""),
        note=told.get("note", ""),
        season=parse_season(told["season"]) if "season" in told else None,
    )


def _limits(told: Iterable[Mapping[str, str]]) -> Limits:
    return {LimitStage(one["stage"]): _written(one["limit"]) for one in told}


def _written(wording: str) -> WrittenLimit:
    return WrittenLimit(parse_limit(wording), wording)


def _shots(told: Iterable[Mapping[str, Any]]) -> dict[str, tuple[Shot, ...]]:
    found: dict[str, list[Shot]] = {}
    for one in told:
        found.setdefault(one.get("code", ALL_CLASSES), []).append(Shot(one["stage"], one["role"], one["count"]))
    return {code: in_order(shots) for code, shots in found.items()}
