"""The required photographs of a scheme version: what is set, by whom, and what a scheme's file brings along."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, exists, insert, select
from sqlalchemy.orm import Session

from server.base import table_of
from server.identity.rules import Actor, Permission
from server.ledger.operations import Doer, meet, record
from server.problems import Problem, _
from server.standards.models import Category, RequiredShot
from server.standards.rules import ALL_CLASSES, USUAL, Shot, in_order

_SHOTS = insert(table_of(RequiredShot))


@dataclass(frozen=True)
class ShotClass:
    """A class of a scheme version; ``code`` empty: every class without rows of its own for a stage."""

    scheme: str
    version: str
    code: str = ALL_CLASSES


def shots_by_code(session: Session, scheme: str, version: str) -> dict[str, tuple[Shot, ...]]:
    """Return the rows of a scheme version by class code; empty where nobody has set any."""
    rows = session.execute(
        select(RequiredShot.code, RequiredShot.stage, RequiredShot.role, RequiredShot.count)
        .where(RequiredShot.scheme == scheme, RequiredShot.version == version)
        .order_by(RequiredShot.code)
    )
    found: dict[str, list[Shot]] = {}
    for code, stage, role, count in rows:
        found.setdefault(code, []).append(Shot(stage, role, count))
    return {code: in_order(shots) for code, shots in found.items()}


def set_shots(session: Session, actor: Actor, of: ShotClass, shots: Sequence[Shot]) -> None:
    """Replace the required photographs of one class, or of every class without its own.

    No shots for a class: it follows all classes again. Raises forbidden, not-found (unknown version), validation.
    """
    actor.require_at_top(Permission.MANAGE_STANDARDS)
    _check(session, of, shots)
    scheme, version, code = of.scheme, of.version, of.code
    # Two administrators who replace the same rows take turns.
    meet(session, [f"shots:{scheme}/{version}"])
    before = shots_by_code(session, scheme, version)
    if not before:
        # From now on rows decide, so what held without any is written down.
        before = {ALL_CLASSES: USUAL}
        write_shots(session, scheme, version, before)
    here = RequiredShot.scheme == scheme, RequiredShot.version == version, RequiredShot.code == code
    session.execute(delete(RequiredShot).where(*here))
    write_shots(session, scheme, version, {code: shots})
    facts = {"version": version, "code": code, "before": _told(before.get(code, ())), "shots": _told(shots)}
    record(session, "required_shots_set", ("standard", scheme), Doer(actor.agency_id, actor.officer_id), facts)


def load_shots(session: Session, scheme: str, version: str, shots: Iterable[Mapping[str, Any]]) -> None:
    """Store what a scheme's file requires, unless anything is stored for this version: a city's own choice stays."""
    if shots_by_code(session, scheme, version):
        return
    rows: dict[str, list[Shot]] = {}
    for shot in shots:
        kept = rows.setdefault(shot.get("code", ALL_CLASSES), [])
        kept.append(Shot(shot["stage"], shot["role"], shot["count"]))
    write_shots(session, scheme, version, rows)


def _check(session: Session, of: ShotClass, shots: Sequence[Shot]) -> None:
    same, code = (Category.scheme == of.scheme, Category.version == of.version), of.code
    if not session.scalar(select(exists().where(*same))):
        raise Problem("not-found")
    if code != ALL_CLASSES and not session.scalar(select(exists().where(*same, Category.code == code))):
        raise Problem("validation", errors={"code": [_("This scheme version has no such class.")]})
    if code == ALL_CLASSES and not shots:
        told = _("Name at least one photograph: a case is not closed without any proof.")
        raise Problem("validation", errors={"shots": [told]})
    if max(Counter((shot.stage, shot.role) for shot in shots).values(), default=0) > 1:
        raise Problem("validation", errors={"shots": [_("Name each role of a stage once.")]})


def write_shots(session: Session, scheme: str, version: str, rows: Mapping[str, Iterable[Shot]]) -> None:
    """Store the rows of a version that has none for these classes and stages."""
    stored = [
        {"scheme": scheme, "version": version, "code": code, **vars(shot)}
        for code, shots in rows.items()
        for shot in shots
    ]
    if stored:
        session.execute(_SHOTS, stored)


def _told(shots: Iterable[Shot]) -> list[dict[str, Any]]:
    return [dict(vars(shot)) for shot in shots]
