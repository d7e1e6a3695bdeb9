"""Writes of geography: a draft is stored, activated or thrown away; officers are given responsibility grids.

Every one of them stands in the audit log. A layer that held once is never changed nor deleted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, delete, exists, func, insert, select
from sqlalchemy.orm import Session

from server.base import table_of, uuid7
from server.clock import now
from server.geography.drafting import Draft
from server.geography.models import GeoFeature, GeoLayer, GridOfficer
from server.geography.rules import COVERING, Findings, LayerKind, LayerStatus
from server.identity.models import Agency, Officer
from server.identity.operations.tree import agency_within
from server.identity.rules import Actor, Permission
from server.ledger.audit import note
from server.ledger.operations import Doer, meet
from server.problems import Problem, _

_FEATURES = insert(table_of(GeoFeature))
_AT_ONCE = 2_000
_MOST_REASON = 500


@dataclass(frozen=True)
class NewLayer:
    """Whose layer it is and how it is called; kind and coordinate system are those that the draft was read as."""

    agency_id: UUID
    name: str


def store_draft(session: Session, actor: Actor, new: NewLayer, draft: Draft) -> UUID:
    """Store a draft as the next version of its layer and return its id; nothing holds by it yet.

    Raises forbidden, and not-found for an agency out of the actor's reach.
    """
    agency_within(session, actor.require(Permission.MANAGE_GEOGRAPHY), new.agency_id)
    kind = draft.reading.kind
    meet(session, [_turn(new.agency_id, kind)])
    same = GeoLayer.agency_id == new.agency_id, GeoLayer.kind == kind, GeoLayer.name == new.name
    before = session.scalar(select(func.max(GeoLayer.version)).where(*same)) or 0
    layer = GeoLayer(
        id=uuid7(),
        agency_id=new.agency_id,
        kind=kind,
        name=new.name,
        version=before + 1,
        status=LayerStatus.DRAFT,
        source_crs=draft.reading.crs,
        imported_by=actor.officer_id,
        imported_at=now(),
        feature_count=len(draft.rows),
        findings=draft.findings.as_text(),
        tallest=draft.tallest,
    )
    session.add(layer)
    session.flush()
    for start in range(0, len(draft.rows), _AT_ONCE):
        rows = draft.rows[start : start + _AT_ONCE]
        session.execute(_FEATURES, [{**row, "layer_id": layer.id} for row in rows])
    _note(session, actor, "layer_imported", layer, features=layer.feature_count, findings=draft.findings.counts)
    return layer.id


def activate(session: Session, actor: Actor, layer_id: UUID, reason: str | None = None) -> None:
    """Let a draft hold from now on, in the place of the version before it.

    Raises not-found, forbidden, layer-not-draft, and layer-unsound: errors must be repaired in the file, gaps may be
    explained by a written ``reason``, such as a lake without unit grids.
    """
    layer = _managed(session, actor, layer_id)
    meet(session, [_turn(layer.agency_id, layer.kind)])
    session.refresh(layer)
    if layer.status != LayerStatus.DRAFT:
        raise Problem("layer-not-draft", status_of_layer=layer.status)
    findings, written = Findings.from_text(layer.findings), (reason or "").strip()[:_MOST_REASON]
    demand_sound(findings, layer.feature_count, written)
    moment = now()
    for before in session.scalars(_holding_instead(layer)):
        before.status, before.valid_to = LayerStatus.RETIRED, moment
    # The one before leaves first: two current ones at a time break the index that sees to it.
    session.flush()
    layer.status, layer.valid_from = LayerStatus.CURRENT, moment
    layer.forgiven = written if findings.forgivable else None
    _note(session, actor, "layer_activated", layer, version=layer.version, forgiven=layer.forgiven)


def demand_sound(findings: Findings, features: int, reason: str) -> None:
    """Raise layer-unsound unless a layer may hold with these findings and that reason."""
    if findings.stopping:
        told = _("The layer has errors that no reason makes up for: repair the file and import it again.")
        raise Problem("layer-unsound", told, findings=findings.counts)
    if findings.forgivable and not reason:
        told = _("The layer has gaps: repair the file, or say in writing why nothing belongs there.")
        raise Problem("layer-unsound", told, findings=findings.counts)
    if not features:
        raise Problem("layer-unsound", _("No feature of the layer has a shape."), findings=findings.counts)


def discard(session: Session, actor: Actor, layer_id: UUID) -> None:
    """Throw a draft away. Raises not-found, forbidden, layer-not-draft: what held once is kept for the cases in it."""
    layer = _managed(session, actor, layer_id)
    meet(session, [_turn(layer.agency_id, layer.kind)])
    session.refresh(layer)
    if layer.status != LayerStatus.DRAFT:
        raise Problem("layer-not-draft", status_of_layer=layer.status)
    session.execute(delete(GeoFeature).where(GeoFeature.layer_id == layer.id))
    _note(session, actor, "layer_discarded", layer, version=layer.version)
    session.delete(layer)


def assign_officers(session: Session, actor: Actor, layer_id: UUID, code: str, officer_ids: Sequence[UUID]) -> None:
    """Say who looks after a responsibility grid from now on; who is not named any more is relieved.

    Raises not-found, forbidden, and validation for an officer who does not serve at or below the layer's agency.
    """
    layer = _managed(session, actor, layer_id)
    known = exists().where(GeoFeature.layer_id == layer.id, GeoFeature.code == code)
    if layer.kind != LayerKind.RESPONSIBILITY_GRID or not session.scalar(select(known)):
        raise Problem("not-found")
    wanted = list(dict.fromkeys(officer_ids))
    _demand_serving(session, layer.agency_id, wanted)
    meet(session, [f"grid:{layer.agency_id}/{code}"])
    held = {row.officer_id: row for row in session.scalars(_assigned(layer.agency_id, code))}
    moment = now()
    for officer_id, row in held.items():
        if officer_id not in wanted:
            row.to_at = moment
    for officer_id in wanted:
        if officer_id not in held:
            assigned = GridOfficer(agency_id=layer.agency_id, grid_code=code, officer_id=officer_id, from_at=moment)
            # With its id at once: grids are shown with their officers in the order in which they were named.
            assigned.id = uuid7()
            session.add(assigned)
    before, after = ([str(one) for one in ids] for ids in (held, wanted))
    facts = {"before": before, "after": after}
    note(session, Doer(layer.agency_id, actor.officer_id), "grid_officers_set", ("responsibility_grid", code), facts)


def _managed(session: Session, actor: Actor, layer_id: UUID) -> GeoLayer:
    scope = actor.require(Permission.MANAGE_GEOGRAPHY)
    layer = session.get(GeoLayer, layer_id)
    if layer is None:
        raise Problem("not-found")
    agency_within(session, scope, layer.agency_id)
    return layer


def _holding_instead(layer: GeoLayer) -> Select[GeoLayer]:
    """Return the select of what the layer takes the place of: of other things, the one of the same name only."""
    chosen = select(GeoLayer).where(
        GeoLayer.agency_id == layer.agency_id, GeoLayer.kind == layer.kind, GeoLayer.status == LayerStatus.CURRENT
    )
    return chosen if layer.kind in COVERING else chosen.where(GeoLayer.name == layer.name)


def _assigned(agency_id: UUID, code: str) -> Select[GridOfficer]:
    return select(GridOfficer).where(
        GridOfficer.agency_id == agency_id, GridOfficer.grid_code == code, GridOfficer.to_at.is_(None)
    )


def _demand_serving(session: Session, agency_id: UUID, officer_ids: Sequence[UUID]) -> None:
    path = session.get_one(Agency, agency_id).path
    serving = session.scalar(
        select(func.count())
        .select_from(Officer)
        .join(Agency, Officer.agency_id == Agency.id)
        .where(Officer.id.in_(officer_ids), Officer.active, Agency.path.startswith(path, autoescape=True))
    )
    if serving != len(officer_ids):
        told = _("Choose active officers of the layer's agency or below it.")
        raise Problem("validation", errors={"officer_ids": [told]})


def _note(session: Session, actor: Actor, action: str, layer: GeoLayer, **facts: object) -> None:
    named = {"kind": layer.kind, "name": layer.name, **facts}
    note(session, Doer(layer.agency_id, actor.officer_id), action, ("geo_layer", str(layer.id)), named)


def _turn(agency_id: UUID, kind: str) -> str:
    """Return what two people meet at who store or activate layers of one kind for one agency."""
    return f"layer:{agency_id}/{kind}"
