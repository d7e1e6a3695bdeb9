"""Settling cases after their interpretation: where they lie, what they are duplicates of, how they are found.

A report says a position and a class; everything that follows from them is worked out here, in a job, and again
whenever one of them changes. Settling twice changes nothing, and the order of settling does not matter.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from server.base import table_of
from server.casework.duplicates.candidates import Matter, gathered, joinable
from server.casework.duplicates.grouping import attachments, changes
from server.casework.duplicates.linking import DUPLICATE, POLICY, attach, part, put
from server.casework.duplicates.models import CaseLink
from server.casework.duplicates.policy import Policy, policy_of
from server.casework.duplicates.recurrence import link_recurrences
from server.casework.models import Case
from server.casework.operations.roots import lock_cases
from server.casework.rules import State
from server.casework.search import remember_all
from server.clock import now
from server.geography.locating import current_layers, locate_by
from server.identity.models import Agency
from server.identity.rules import paths_above
from server.ledger.operations import meet

MOST_AT_ONCE = 200
_case = table_of(Case).c
_SETTLED = (
    update(table_of(Case))
    .where(_case.id == bindparam("of_case"))
    .values({name: bindparam(name) for name in ("area_code", "cell_code", "responsibility_code", "settled_at")})
    .execution_options(unmarked="no handset shows the codes")
)


def unsettled(session: Session, limit: int = MOST_AT_ONCE) -> dict[Matter, list[UUID]]:
    """Return the cases that wait for being settled by the matter that they are compared within, oldest first."""
    rows = session.execute(
        select(Case.id, Case.scheme, Case.category_code, Agency.path)
        .join(Agency, Agency.id == Case.agency_id)
        .where(Case.settled_at.is_(None))
        .order_by(Case.id)
        .limit(limit)
    )
    found: dict[Matter, list[UUID]] = {}
    for row in rows:
        matter = Matter(paths_above(row.path)[0], row.scheme, row.category_code)
        found.setdefault(matter, []).append(row.id)
    return found


def settle(session: Session, matter: Matter, case_ids: Collection[UUID]) -> None:
    """Locate cases of one matter, decide on their duplicates and recurrences, and make them findable.

    A case whose class was corrected meanwhile is left out: it is still unsettled and comes again under its new class.
    """
    # Two neighbours that are settled at once must see each other, so one class of a city is settled one by one.
    meet(session, [f"duplicates:{matter.city_path}{matter.scheme}/{matter.code}"])
    policy = policy_of(session, matter)
    asked = _of_class(session.scalars(select(Case).where(Case.id.in_(list(case_ids)))), matter)
    together = {one.id: one for one in lock_cases(session, gathered(session, asked, matter, policy.nearness))}
    cases = _of_class((together[case.id] for case in asked if case.id in together), matter)
    _group(session, together, policy)
    for case in cases:
        if case.state in {State.CLOSED, State.FORCED_CLOSED}:
            link_recurrences(session, case, matter, policy.recurrence)
    session.flush()
    _place(session, cases)


def _of_class(cases: Iterable[Case], matter: Matter) -> list[Case]:
    return [case for case in cases if (case.scheme, case.category_code) == (matter.scheme, matter.code)]


def _place(session: Session, cases: Sequence[Case]) -> None:
    """Write where cases lie, and what they can be found by."""
    if not cases:
        return
    layers = {agency_id: current_layers(session, agency_id) for agency_id in {case.agency_id for case in cases}}
    places = {
        case: locate_by(session, layers[case.agency_id], case.lon_canonical, case.lat_canonical) for case in cases
    }
    remember_all(session, {case: place.cell_code for case, place in places.items()})
    moment = now()
    rows = [
        {
            "of_case": case.id,
            "area_code": place.area_code,
            "cell_code": place.cell_code,
            "responsibility_code": place.responsibility_code,
            "settled_at": moment,
        }
        for case, place in places.items()
    ]
    session.execute(_SETTLED, rows)


def _group(session: Session, together: Mapping[UUID, Case], policy: Policy) -> None:
    if policy.action == "off":
        return
    wanted = attachments(joinable(session, together.values()), policy.nearness, _apart(session, together))
    _attach(session, together, wanted if policy.action == "attach" else {}, automatic=policy.action == "attach")
    _propose(session, together, wanted if policy.action == "propose" else {})


def _attach(session: Session, together: Mapping[UUID, Case], wanted: Mapping[UUID, UUID], *, automatic: bool) -> None:
    if not automatic:
        # A policy that only proposes from now on undoes nothing that was attached under the former one.
        return
    standing = _standing(session, together, "attached")
    parted, attached = changes(wanted, {case: main for case, main in standing.items() if _open(together, case, main)})
    for case_id in sorted(parted):
        part(session, together[case_id], POLICY, "outdated")
    for case_id, main_id in sorted(attached.items()):
        attach(session, together[case_id], together[main_id], POLICY)


def _propose(session: Session, together: Mapping[UUID, Case], wanted: Mapping[UUID, UUID]) -> None:
    proposed = {case: main for case, main in wanted.items() if together[case].state == State.REPORTED}
    gone, new = changes(proposed, _standing(session, together, "proposed"))
    for case_id, main_id in gone.items():
        _outdate(session, case_id, main_id)
    for case_id, main_id in new.items():
        put(session, DUPLICATE, (together[case_id], together[main_id]), "proposed", POLICY)


def _standing(session: Session, among: Iterable[UUID], state: str) -> dict[UUID, UUID]:
    rows = session.execute(
        select(CaseLink.case_id, CaseLink.other_id).where(
            CaseLink.case_id.in_(list(among)),
            CaseLink.kind == DUPLICATE,
            CaseLink.state == state,
            CaseLink.origin == "policy",
        )
    )
    return {row.case_id: row.other_id for row in rows}


def _open(together: Mapping[UUID, Case], case_id: UUID, main_id: UUID) -> bool:
    """Tell whether an attachment may still be decided anew: both are here, and the main case goes on."""
    main = together.get(main_id)
    return main is not None and together[case_id].state == State.MERGED and main.closed_at is None


def _outdate(session: Session, case_id: UUID, main_id: UUID) -> None:
    gone = update(CaseLink).where(CaseLink.case_id == case_id, CaseLink.other_id == main_id, CaseLink.kind == DUPLICATE)
    session.execute(gone.values(state="outdated").execution_options(synchronize_session=False))


def _apart(session: Session, among: Iterable[UUID]) -> set[frozenset[UUID]]:
    """Return the pairs that a person has parted or would not have together."""
    rows = session.execute(
        select(CaseLink.case_id, CaseLink.other_id).where(
            CaseLink.case_id.in_(list(among)),
            CaseLink.kind == DUPLICATE,
            CaseLink.state.in_(["undone", "dismissed"]),
        )
    )
    return {frozenset({row.case_id, row.other_id}) for row in rows}
