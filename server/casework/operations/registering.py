"""A case that comes to a desk: by telephone, from a camera, from a leader. It enters the same loop as a report."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.base import new_tag
from server.casework.cause import Cause
from server.casework.models import Case
from server.casework.operations.opening import Opened, start_acceptance
from server.casework.operations.traces import mark_case, note
from server.casework.records import CaseRecord, case_records
from server.casework.rules import State
from server.casework.sources import SOURCES
from server.clock import now
from server.geography.crs import canonical
from server.identity.models import Agency
from server.identity.rules import Actor, Permission, within
from server.problems import Problem, _
from server.standards.queries import CategoryKey, category_names


@dataclass(frozen=True)
class Registration:
    """What a desk knows of a problem. Degrees in ``crs``; ``seen_at`` is when it was seen, if that was said.

    ``id`` is chosen by the form: sending it twice registers one case. ``agency_id`` None: the actor's own.
    """

    id: UUID
    source: str
    scheme: str
    category_code: str
    description: str
    lon: float
    lat: float
    crs: str
    address: str | None = None
    seen_at: datetime | None = None
    agency_id: UUID | None = None


def register(session: Session, actor: Actor, wanted: Registration) -> CaseRecord:
    """Open a case at a desk and return it; what was registered under this id already is returned as it stands.

    Raises forbidden, validation (source, class, description, agency), not-found (the id is a case out of scope).
    """
    scope = actor.require(Permission.FILE_CASE)
    agency_id = wanted.agency_id or actor.agency_id
    known = session.get(Case, wanted.id)
    if known is not None:
        if known.reporter_id != actor.officer_id or known.install_id is not None:
            raise Problem("not-found")
        return case_records(session, [known])[0]
    _check(session, wanted, agency_id, scope)
    moment = now()
    lon, lat = canonical(wanted.lon, wanted.lat, wanted.crs)
    case = Case(
        id=wanted.id,
        agency_id=agency_id,
        state=State.REPORTED,
        source=wanted.source,
        reporter_id=actor.officer_id,
        scheme=wanted.scheme,
        category_code=wanted.category_code,
        description=wanted.description.strip(),
        address=(wanted.address or "").strip() or None,
        lon=wanted.lon,
        lat=wanted.lat,
        crs=wanted.crs,
        lon_canonical=lon,
        lat_canonical=lat,
        captured_at=wanted.seen_at,
        captured_at_corrected=wanted.seen_at,
        reported_at=moment,
        return_count=0,
        rework_count=0,
        extension_count=0,
        version=new_tag(),
    )
    session.add(case)
    session.flush()
    start_acceptance(session, [Opened(case.id, agency_id, case.scheme, case.category_code)], moment)
    note(session, case, "register", None, Cause(actor.officer_id), facts={"source": wanted.source})
    mark_case(session, case)
    session.flush()
    return case_records(session, [case])[0]


def _check(session: Session, wanted: Registration, agency_id: UUID, scope: tuple[str, ...]) -> None:
    wrong: dict[str, list[str]] = {}
    if wanted.source not in SOURCES:
        wrong["source"] = [f"Must be one of: {', '.join(SOURCES)}."]
    key = CategoryKey(wanted.scheme, wanted.category_code)
    if key not in category_names(session, [key]):
        wrong["category"] = [_("No loaded scheme has this class.")]
    if not wanted.description.strip():
        wrong["description"] = [_("Say what the problem is.")]
    if wanted.seen_at is not None and wanted.seen_at > now():
        wrong["seen_at"] = [_("This time is still to come.")]
    path = session.scalars(select(Agency.path).where(Agency.id == agency_id)).one_or_none()
    if path is None or not within(path, scope):
        wrong["agency_id"] = [_("There is no such agency in your scope.")]
    if wrong:
        raise Problem("validation", errors=wrong)
