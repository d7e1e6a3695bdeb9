"""What is published to handsets as reference documents: the category schemes, and the squads of the deployment."""

from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.identity.models import Squad
from server.standards.content import Condition, SchemeContent
from server.standards.in_force import today, version_rows
from server.standards.reference import publish
from server.standards.rules import LimitStage
from server.standards.stored import VersionKey, content_of

CATEGORY_SCHEMES = "category-schemes"
SQUADS = "squads"


def publish_schemes(session: Session) -> None:
    """Publish the minor classes of the versions that handsets need, under ``<scheme>/<version>/<code>``.

    Of each scheme the version in force, the one before it (cases filed under it are still open) and the one that
    comes next, so that a handset without a line changes on the day: imports may go on for years, the document must
    not grow with them.
    """
    entries: dict[str, dict[str, Any]] = {}
    for key, effective_from in _needed(session).items():
        for code, entry in class_entries(content_of(session, key)).items():
            told = {**vars(key), **entry, "effective_from": effective_from and effective_from.isoformat()}
            entries[f"{key}/{code}"] = told
    publish(session, CATEGORY_SCHEMES, entries)


def class_entries(content: SchemeContent) -> dict[str, dict[str, Any]]:
    """Return what handsets are told of each class of a version, by code."""
    return {
        code: {
            "code": code,
            "issue_kind": one.issue_kind,
            "major": one.major,
            "name": one.name,
            "major_en": one.major_en,
            "name_en": one.name_en,
            "conditions": [_condition(content, code, each) for each in content.conditions.get(code, ()) if each.no],
        }
        for code, one in content.classes.items()
    }


def _condition(content: SchemeContent, code: str, condition: Condition) -> dict[str, Any]:
    limit = content.limit_of(code, condition.no, LimitStage.DISPOSAL)
    return {
        "no": condition.no,
        "filing": condition.filing_condition,
        "closing": condition.closing_condition,
        "limit": limit and str(limit.limit),
        "season": condition.season and str(condition.season),
    }


def _needed(session: Session) -> dict[VersionKey, date | None]:
    in_force = today()
    needed: dict[VersionKey, date | None] = {}
    for _scheme, versions in groupby(version_rows(session), key=lambda row: row.scheme):
        newest_first = list(versions)
        to_come = [row for row in newest_first if row.effective_from and row.effective_from > in_force]
        here = newest_first[len(to_come) : len(to_come) + 2]
        for row in [*to_come[-1:], *here]:
            needed[VersionKey(row.scheme, row.version)] = row.effective_from
    return needed


def publish_squads(session: Session) -> None:
    """Publish the squads under their ids: a handset shows to whom a task was given."""
    rows = session.execute(select(Squad.id, Squad.name, Squad.agency_id))
    squads = {str(row.id): {"id": str(row.id), "name": row.name, "agency_id": str(row.agency_id)} for row in rows}
    publish(session, SQUADS, squads)


def publish_all(session: Session) -> None:
    """Bring every document up to date; what did not change keeps its version."""
    publish_schemes(session)
    publish_squads(session)
