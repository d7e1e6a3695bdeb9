"""The evidence gallery and the board of missing photographs: they show evidence under its case's number."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from server.casework.queries import case_numbers
from server.console.pages import pages
from server.db import read
from server.evidence import board, queries
from server.evidence.labels import QUICK_REASONS, REVIEW_STATES, STAGES
from server.evidence.records import EvidenceRecord
from server.forms import chosen_id
from server.i18n import _
from server.identity import queries as identity
from server.identity.rules import Permission
from server.problems import Problem
from server.standards.queries import CategoryKey, CategoryName, category_names
from server.web import actor, page_args

Scope = tuple[str, ...]
FILTERS = ("review_state", "stage", "squad_id", "case_id", "flagged")


@dataclass(frozen=True)
class GalleryView:
    """One page of the gallery with the names it shows."""

    groups: tuple[board.Group, ...]
    next: str | None
    names: Mapping[UUID, str]
    categories: Mapping[CategoryKey, CategoryName]
    case_numbers: Mapping[UUID, str | None]
    squads: Collection[identity.SquadRow]


@pages.get("/evidence")
def gallery() -> ResponseReturnValue:
    """Show evidence by case, newest first, filtered by review state, stage, squad, case and flags."""
    me = actor()
    scope = me.require(Permission.READ_EVIDENCE)
    wanted = queries.GalleryFilter(
        review_state=_one_of("review_state", REVIEW_STATES),
        stage=_one_of("stage", STAGES),
        squad_id=chosen_id("squad_id"),
        case_id=chosen_id("case_id"),
        flagged=True if request.args.get("flagged") else None,
    )
    view = read(_gallery, scope, wanted, *page_args())
    return render_template(
        "console/gallery.html",
        view=view,
        chosen={name: request.args.get(name) or None for name in FILTERS},
        review_states=REVIEW_STATES,
        stages=STAGES,
        squads=[(str(squad.id), squad.name) for squad in view.squads],
        may_review=me.may(Permission.REVIEW_EVIDENCE),
        quick_reasons=[str(reason) for reason in QUICK_REASONS],
    )


@pages.get("/evidence/missing")
def missing() -> ResponseReturnValue:
    """Show which declared photographs have not arrived: of which case, on which handset, since when."""
    scope = actor().require(Permission.READ_EVIDENCE)
    after, limit = page_args()
    page, numbers = read(_missing, scope, after, limit)
    return render_template("console/missing.html", page=page, case_numbers=numbers)


def _gallery(
    session: Session, scope: Scope, wanted: queries.GalleryFilter, after: str | None, limit: int
) -> GalleryView:
    page = queries.gallery(session, scope, wanted, after=after, limit=limit)
    groups = board.groups(session, page.items)
    shots = [shot for group in groups for shot in group.shots]
    return GalleryView(
        groups=groups,
        next=page.next,
        names=identity.names(session, _named(shots)),
        categories=category_names(session, {group.category for group in groups}),
        case_numbers=case_numbers(session, [group.owner_id for group in groups]),
        squads=identity.squads(session, scope),
    )


def _missing(session: Session, scope: Scope, after: str | None, limit: int) -> tuple[Any, Mapping[UUID, str | None]]:
    page = queries.missing(session, scope, after=after, limit=limit)
    return page, case_numbers(session, {photo.owner_id for photo in page.items})


def _named(shots: Collection[EvidenceRecord]) -> set[UUID | None]:
    return {one for shot in shots for one in (shot.agency_id, shot.officer_id, shot.install_id, shot.squad_id)}


def _one_of(name: str, known: Mapping[str, Any]) -> str | None:
    chosen = request.args.get(name) or None
    if chosen is not None and chosen not in known:
        raise Problem("validation", errors={name: [_("Choose one.")]})
    return chosen
