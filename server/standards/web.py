"""Console page of the required photographs: which ones a case of a class needs before it can be closed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from server.db import read, transact
from server.forms import field, go, tell, tell_problem
from server.i18n import _
from server.identity.rules import Actor, Permission
from server.problems import Problem
from server.standards.queries import CategoryName, categories_of, scheme_versions
from server.standards.rules import ALL_CLASSES, MOST_OF_A_SHOT, ROLES, STAGES, USUAL, Shot
from server.standards.shots import ShotClass, set_shots, shots_by_code
from server.web import actor, console_pages

pages = console_pages("standards")


@dataclass(frozen=True)
class SchemeShots:
    """What a scheme version requires by class code, and the names of its classes."""

    scheme: str
    version: str
    shots: Mapping[str, tuple[Shot, ...]]
    classes: Mapping[str, CategoryName]


@pages.get("/required-shots")
def required_shots() -> ResponseReturnValue:
    """Show the required photographs of every loaded scheme version."""
    actor().require(Permission.MANAGE_STANDARDS)
    return render_template(
        "standards/shots.html", schemes=read(_schemes), stages=STAGES, roles=ROLES, most=MOST_OF_A_SHOT
    )


@pages.post("/required-shots")
def replace_shot() -> ResponseReturnValue:
    """Set how many photographs of a role a class needs at a stage; none takes the demand away."""
    try:
        of = ShotClass(field("scheme"), field("version"), field("code"))
        transact(_set_one, actor(), of, _shot())
        tell(_("The required photographs are saved."))
    except Problem as problem:
        if problem.slug == "not-found":
            raise
        tell_problem(problem)
    return go("standards_pages.required_shots")


def _set_one(session: Session, me: Actor, of: ShotClass, shot: Shot) -> None:
    rows = shots_by_code(session, of.scheme, of.version)
    before = rows.get(of.code, USUAL if of.code == ALL_CLASSES and not rows else ())
    kept = [one for one in before if replace(one, count=shot.count) != shot]
    set_shots(session, me, of, [*kept, shot] if shot.count else kept)


def _shot() -> Shot:
    stage, role, count = field("stage"), field("role"), field("count")
    known = stage in STAGES and role in ROLES
    if not known or not count.isdecimal() or int(count[:4]) > MOST_OF_A_SHOT:
        told = _("Choose a stage and a role, and a count from 0 to %(most)s.", most=MOST_OF_A_SHOT)
        raise Problem("validation", errors={"count": [told]})
    return Shot(stage, role, int(count))


def _schemes(session: Session) -> list[SchemeShots]:
    return [
        SchemeShots(
            scheme,
            version,
            shots_by_code(session, scheme, version) or {ALL_CLASSES: USUAL},
            categories_of(session, scheme, version),
        )
        for scheme, version in scheme_versions(session)
    ]
