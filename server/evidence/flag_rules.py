"""Which flags a photograph deserves and why: pure functions of facts. Advisory: a flag is a question, never a verdict.

None of the rules needs all facts; what is not known raises nothing. What they cannot find is said in docs/flags.md.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from server.evidence.rules import Stage
from server.evidence.screens import looks_like_a_screen, names_an_editor

Facts = dict[str, Any]


class FlagKind(StrEnum):
    """Every kind of flag, in the order in which a reviewer reads them."""

    SAME_PICTURE = "same_picture"
    AFTER_OLDER = "after_older_than_before"
    FAR_FROM_CASE = "far_from_case"
    THUMBNAIL_DIFFERS = "embedded_thumbnail_differs"
    SCREENSHOT_LIKE = "screenshot_like"
    FROM_GALLERY = "from_gallery"
    CLOCK_UNCERTAIN = "clock_uncertain"
    SIMILAR_PLACE = "similar_place"


# A case lies in a unit grid cell of about 100 m and a fix between houses errs by as much again; a third of the way to
# the next grid officer's beat is no error of measuring any more. What either side says it may be off comes on top.
FAR_M = 500.0
# Two corrected times may each be a minute off where a handset was started anew in between (sync.handset_time).
SAME_TIME = timedelta(minutes=2)
# The thumbnail is another encoding of the same picture, but small, often between bars: a clear difference counts.
THUMBNAIL_FAR = 50
_TRUSTED = frozenset({"exact", "estimated"})
_EARTH_M = 6_371_008.8
_ORDER = {Stage.REPORT: 0, Stage.DISPOSAL: 1, Stage.CHECK: 2}


@dataclass(frozen=True)
class Flag:
    """One thing to look at: its kind (FlagKind) and its reasons, which name no other case and no person."""

    kind: str
    facts: Facts


@dataclass(frozen=True)
class Place:
    """A point in CGCS2000 degrees and how far off it may be in metres (0: not said)."""

    lon: float
    lat: float
    accuracy_m: float = 0.0


@dataclass(frozen=True)
class Shot:
    """What is known of one photograph of an owner; ``facts`` is what its file says (photo_store's ImageFacts)."""

    owner: tuple[str, UUID]
    stage: str
    role: str = ""
    source: str | None = None
    certainty: str | None = None
    at: datetime | None = None
    fix: Place | None = None
    facts: Facts = field(default_factory=dict)
    embedded: int | None = None


@dataclass(frozen=True)
class Twin:
    """Another photograph that looks like it, ``distance`` of 256 bits away; ``same_file``: the very same bytes."""

    owner: tuple[str, UUID]
    stage: str
    distance: int
    same_file: bool


@dataclass(frozen=True)
class Surroundings:
    """What a photograph is held against: the place of its owner, the photographs before it, those that look alike."""

    place: Place | None = None
    befores: Sequence[Shot] = ()
    same: Sequence[Twin] = ()
    perhaps_same_place: Sequence[Twin] = ()


def flags_for(shot: Shot, around: Surroundings) -> tuple[Flag, ...]:
    """Return the flags of a photograph, in the order of FlagKind."""
    found = ((kind, rule(shot, around)) for kind, rule in _RULES.items())
    return tuple(Flag(kind.value, facts) for kind, facts in found if facts is not None)


def same_picture(shot: Shot, around: Surroundings) -> Facts | None:
    """Tell of the same picture on another case, or at an earlier stage of this one.

    Two shots of one stage are a burst, and before and after from one standpoint are no re-use of each other; but an
    after-photograph that *is* the before-photograph shows nothing that was done.
    """
    elsewhere = [twin for twin in around.same if twin.owner != shot.owner]
    earlier = [twin for twin in around.same if twin.owner == shot.owner and _is_later(shot.stage, twin.stage)]
    told = [*elsewhere, *earlier]
    if not told:
        return None
    return {
        "cases": len({twin.owner for twin in elsewhere}),
        "own_case": bool(earlier),
        "distance": min(twin.distance for twin in told),
        "same_file": any(twin.same_file for twin in told),
    }


def similar_place(shot: Shot, around: Surroundings) -> Facts | None:
    """Hint that another case may show the same place; within one case that is how it should be."""
    others = [twin for twin in around.perhaps_same_place if twin.owner != shot.owner]
    if not others:
        return None
    return {"cases": len({twin.owner for twin in others}), "distance": min(twin.distance for twin in others)}


def after_older_than_before(shot: Shot, around: Surroundings) -> Facts | None:
    """Tell of a photograph of a later stage that was taken before all that it answers: by our clock, or by Exif."""
    befores = [before for before in around.befores if _is_later(shot.stage, before.stage)]
    ours = _older(_trusted(shot), [_trusted(before) for before in befores])
    if ours is not None:
        return {"by": "clock", **ours}
    theirs = _older(_exif_time(shot), [_exif_time(before) for before in befores])
    return None if theirs is None else {"by": "exif", **theirs}


def far_from_case(shot: Shot, around: Surroundings) -> Facts | None:
    """Tell of a fix, or of a place in the file, that lies farther from the case than measuring can err."""
    if around.place is None:
        return None
    for by, point in (("fix", shot.fix), ("exif", _exif_place(shot))):
        if point is None:
            continue
        metres = metres_between(point, around.place)
        limit = FAR_M + point.accuracy_m + around.place.accuracy_m
        if metres > limit:
            return {"by": by, "metres": round(metres), "limit_m": round(limit)}
    return None


def embedded_thumbnail_differs(shot: Shot, _around: Surroundings) -> Facts | None:
    """Tell of a file whose thumbnail shows something else than its picture: it was edited after it was taken."""
    if shot.embedded is None or shot.embedded <= THUMBNAIL_FAR:
        return None
    return {"distance": shot.embedded}


def screenshot_like(shot: Shot, _around: Surroundings) -> Facts | None:
    """Tell of a picture without a camera in the size of a screen, or one that names a program for editing."""
    editor = names_an_editor(shot.facts.get("software"))
    if editor is not None:
        return {"by": "software", "software": editor}
    width, height = shot.facts.get("width") or 0, shot.facts.get("height") or 0
    if shot.facts.get("make") or shot.facts.get("model") or not looks_like_a_screen(width, height):
        return None
    return {"by": "size", "width": width, "height": height}


def from_gallery(shot: Shot, _around: Surroundings) -> Facts | None:
    """Tell that the handset says the picture was chosen from its album."""
    return {} if shot.source == "gallery" else None


def clock_uncertain(shot: Shot, _around: Surroundings) -> Facts | None:
    """Tell that the time of capture could not be corrected, or that something speaks against it."""
    return {"certainty": shot.certainty} if shot.certainty in {"contradicted", "unknown"} else None


_RULES: dict[FlagKind, Callable[[Shot, Surroundings], Facts | None]] = {
    FlagKind.SAME_PICTURE: same_picture,
    FlagKind.AFTER_OLDER: after_older_than_before,
    FlagKind.FAR_FROM_CASE: far_from_case,
    FlagKind.THUMBNAIL_DIFFERS: embedded_thumbnail_differs,
    FlagKind.SCREENSHOT_LIKE: screenshot_like,
    FlagKind.FROM_GALLERY: from_gallery,
    FlagKind.CLOCK_UNCERTAIN: clock_uncertain,
    FlagKind.SIMILAR_PLACE: similar_place,
}


def metres_between(one: Place, other: Place) -> float:
    """Return the distance in metres on a sphere; good to a metre within a city."""
    east = math.radians(other.lon - one.lon) * math.cos(math.radians((one.lat + other.lat) / 2))
    return _EARTH_M * math.hypot(east, math.radians(other.lat - one.lat))


def _is_later(stage: str, than: str) -> bool:
    return _ORDER.get(Stage(stage), 0) > _ORDER.get(Stage(than), 0)


def _older(after: datetime | None, befores: Sequence[datetime | None]) -> Facts | None:
    if after is None:
        return None
    # Exif times with a zone and such without cannot be compared.
    known = [before for before in befores if before is not None and (before.tzinfo is None) == (after.tzinfo is None)]
    if not known or after >= min(known) - SAME_TIME:
        return None
    return {"after": after.isoformat(), "before": min(known).isoformat()}


def _trusted(shot: Shot) -> datetime | None:
    return shot.at if shot.certainty in _TRUSTED else None


def _exif_time(shot: Shot) -> datetime | None:
    try:
        return datetime.fromisoformat(shot.facts.get("taken_at") or "")
    except ValueError:
        return None


def _exif_place(shot: Shot) -> Place | None:
    lon, lat = shot.facts.get("lon"), shot.facts.get("lat")
    # Phones that have no fix write zeros.
    return None if not lon or not lat else Place(lon, lat)


def later_stages(stage: str) -> Iterator[str]:
    """Return the stages whose photographs answer those of ``stage``."""
    return (other.value for other in Stage if _is_later(other, stage))
