"""The page on which a desk registers a case that somebody has told it of."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from server.base import uuid7
from server.casework import operations
from server.casework.operations import Registration
from server.casework.refusals import tell_problem
from server.casework.sources import SOURCES
from server.current import settings
from server.db import read, transact
from server.forms import field, field_id, go, tell
from server.geography.crs import Crs
from server.i18n import _
from server.identity.rules import Permission
from server.problems import Problem
from server.standards.queries import CategoryName, categories, scheme_versions
from server.web import actor, console_pages

pages = console_pages("registering")


@pages.get("/cases/new")
def form() -> ResponseReturnValue:
    """Show an empty form; its case has an id already, so that sending it twice registers one case."""
    actor().require(Permission.FILE_CASE)
    return _show({"id": str(uuid7())})


@pages.post("/cases/new")
def register() -> ResponseReturnValue:
    """Register the case; a refused form comes back with what was typed."""
    me = actor()
    me.require(Permission.FILE_CASE)
    try:
        made = transact(operations.register, me, _registration())
    except Problem as problem:
        tell_problem(problem)
        return _show(request.form), problem.kind.status
    tell(_("The case is registered."))
    return go("casework_pages.case", case_id=made.id)


def _show(typed: Mapping[str, str]) -> str:
    return render_template(
        "casework/register.html",
        typed=typed,
        sources=SOURCES,
        systems=[one.value for one in Crs],
        schemes=read(_schemes),
    )


def _schemes(session: Session) -> dict[str, dict[str, CategoryName]]:
    """Return the classes in force by scheme and code."""
    names = dict.fromkeys(scheme for scheme, _version in scheme_versions(session))
    return {scheme: found for scheme in names if (found := categories(session, scheme))}


def _registration() -> Registration:
    scheme, _mark, code = field("category").partition("|")
    wrong: dict[str, list[str]] = {}
    place: dict[str, float] = {}
    for name in ("lon", "lat"):
        with suppress(ValueError):
            place[name] = float(field(name))
        if name not in place:
            wrong[name] = [_("Give degrees, such as 121.4737.")]
    if not code:
        wrong["category"] = [_("Choose one.")]
    if field("crs") not in set(Crs):
        wrong["crs"] = [_("Choose one.")]
    if wrong:
        raise Problem("validation", errors=wrong)
    return Registration(
        id=field_id("id"),
        source=field("source"),
        scheme=scheme,
        category_code=code,
        description=field("description"),
        lon=place["lon"],
        lat=place["lat"],
        crs=field("crs"),
        address=field("address") or None,
        seen_at=_seen_at(),
        agency_id=_agency(),
    )


def _agency() -> UUID | None:
    return field_id("agency_id") if field("agency_id") else None


def _seen_at() -> datetime | None:
    """Return when it was seen, as typed in the city's own time."""
    if not field("seen_at"):
        return None
    try:
        local = datetime.fromisoformat(field("seen_at"))
    except ValueError as error:
        raise Problem("validation", errors={"seen_at": [_("Give day and time.")]}) from error
    zone = ZoneInfo(settings().timezone)
    return (local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(UTC)
