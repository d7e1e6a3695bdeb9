"""The console page of one photograph: its facts, its partner, a reviewer's flag, and the redaction drawn on it."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from uuid import UUID

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from server.db import read, transact
from server.evidence import flagging, pairs, redactions
from server.evidence.redaction_jobs import make_redaction
from server.evidence.shot_view import shot_view
from server.forms import field, tell, tell_problem
from server.i18n import _
from server.identity.rules import Permission
from server.jobs import enqueue
from server.problems import Problem
from server.web import actor, console_pages

pages = console_pages("shot")
_NUMBERS = 4


@pages.get("/evidence/<uuid:evidence_id>")
def shot(evidence_id: UUID) -> ResponseReturnValue:
    """Show one photograph and what this officer may say about it."""
    return _show(evidence_id, {})


@pages.post("/evidence/<uuid:evidence_id>/<any(before, flag, unflag, redactions):step>")
def act(evidence_id: UUID, step: str) -> ResponseReturnValue:
    """Take a step; a refused one shows the page again with what was typed."""
    try:
        tell(_STEPS[step](evidence_id))
    except Problem as problem:
        if problem.slug == "not-found":
            raise
        tell_problem(problem)
        typed = {name: field(name) for name in ("reason", "regions")} | {"step": step}
        return _show(evidence_id, typed), problem.kind.status
    return redirect(url_for("shot_pages.shot", evidence_id=evidence_id), HTTPStatus.SEE_OTHER)


def _show(evidence_id: UUID, typed: Mapping[str, str]) -> str:
    view = read(shot_view, actor().require(Permission.READ_EVIDENCE), evidence_id)
    if view is None:
        raise Problem("not-found")
    regions = typed.get("regions") if typed.get("step") == "redactions" else None
    drawn = "" if view.redaction is None else as_lines(view.redaction.regions)
    return render_template("evidence/shot.html", view=view, typed=typed, regions=drawn if regions is None else regions)


def _pair(evidence_id: UUID) -> str:
    transact(pairs.pair, actor(), evidence_id, _id("before_id"), version=field("version") or None)
    return str(_("The pair is saved."))


def _flag(evidence_id: UUID) -> str:
    transact(flagging.flag, actor(), evidence_id, reason=field("reason"))
    return str(_("The photograph is flagged."))


def _unflag(evidence_id: UUID) -> str:
    transact(flagging.unflag, actor(), evidence_id)
    return str(_("The flag is taken back."))


def _redact(evidence_id: UUID) -> str:
    regions, seen = from_lines(field("regions")), _id("seen")
    made = transact(redactions.redact, actor(), evidence_id, regions, reason=field("reason"), seen=seen)
    enqueue(make_redaction, str(made.id))
    return str(_("The redaction is saved; its picture is made within a minute."))


_STEPS: Mapping[str, Callable[[UUID], str]] = {
    "before": _pair,
    "flag": _flag,
    "unflag": _unflag,
    "redactions": _redact,
}


def from_lines(text: str) -> list[list[float]]:
    """Read rectangles: one a line, left, top, width and height in percent. Raises validation."""
    try:
        rows = [[float(number) / 100 for number in line.split()] for line in text.splitlines() if line.strip()]
    except ValueError:
        rows = [[]]
    if any(len(row) != _NUMBERS for row in rows):
        told = _("Write one rectangle a line: left, top, width and height in percent.")
        raise Problem("validation", errors={"regions": [told]})
    return rows


def as_lines(regions: tuple[redactions.Region, ...]) -> str:
    """Write rectangles as :func:`from_lines` reads them; frontend/src/redaction.ts writes the same."""
    return "\n".join(" ".join(f"{number * 100:.3f}".rstrip("0").rstrip(".") for number in row) for row in regions)


def _id(name: str) -> UUID | None:
    text = field(name)
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise Problem("validation", errors={name: [_("This is not an id.")]}) from error
