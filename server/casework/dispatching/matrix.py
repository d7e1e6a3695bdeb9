"""Which entry of the responsibility matrix fits a case best. Pure.

An entry holds for an agency and below, for a class or everything whose code begins alike (a major class, a scheme),
and for one area or all of them. The most specific one wins: class before area before agency before the newest.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True)
class Entry:
    """``lead_id`` disposes, ``assisting`` squads help; ``basis`` says by which decision. Empty code or area: all."""

    id: UUID
    agency_path: str
    code: str
    area_code: str
    lead_id: UUID
    assisting: tuple[UUID, ...]
    basis: str
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True)
class Question:
    """What is asked of the matrix: a class in an area of an agency, on a day."""

    agency_path: str
    code: str
    area_code: str | None
    on: date


def fits(entry: Entry, question: Question) -> bool:
    """Tell whether an entry holds for what is asked."""
    in_force = entry.valid_from <= question.on and (entry.valid_to is None or question.on <= entry.valid_to)
    same_area = not entry.area_code or (question.area_code or "").startswith(entry.area_code)
    return (
        in_force
        and same_area
        and question.code.startswith(entry.code)
        and question.agency_path.startswith(entry.agency_path)
    )


def best(entries: Iterable[Entry], question: Question) -> Entry | None:
    """Return the most specific entry that fits, or None."""
    return max((entry for entry in entries if fits(entry, question)), key=_specificity, default=None)


def _specificity(entry: Entry) -> tuple[int, int, int, date, UUID]:
    return len(entry.code), len(entry.area_code), len(entry.agency_path), entry.valid_from, entry.id
