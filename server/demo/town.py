"""What a city has before its first case: ground, calendar, responsibilities, policies, officers of grids."""

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from server.casework.dispatching.entries import NewEntry, put_entry
from server.casework.duplicates.policy import ALL_CLASSES, Policy, PolicyRow, set_policy
from server.clock import now
from server.db import transact
from server.demo.ground import LAKE_REASON, areas, broken_grids, responsibility_grids, unit_grids
from server.demo.matters import MATTERS, SCHEME
from server.demo.people import AREAS, CITY_CODE, SQUADS
from server.demo.plan import ZONE
from server.demo.roster import Roster
from server.geography.importing import Import, import_layer
from server.geography.operations import activate, assign_officers
from server.geography.rules import LayerKind
from server.identity.rules import Actor
from server.ledger.operations import Doer
from server.standards.calendar_operations import write_days
from server.standards.calendar_rules import OwnDay

# Bicycles are reported by everybody who stumbles over them: there the city trusts the policy.
ATTACHED = "0410"
_GRIDS_PER_AREA = 8
# A sample, not the State Council's notice: name, first day off, number of days off, days worked instead.
_DAYS_OFF = (
    ("元旦", date(2027, 1, 1), 3, ()),
    ("春节", date(2027, 2, 5), 7, (date(2027, 1, 31), date(2027, 2, 13))),
    ("清明节", date(2027, 4, 3), 3, ()),
    ("劳动节", date(2027, 5, 1), 5, (date(2027, 4, 25), date(2027, 5, 8))),
    ("端午节", date(2027, 6, 9), 1, ()),
    ("中秋节", date(2027, 9, 15), 1, ()),
    ("国庆节", date(2027, 10, 1), 7, (date(2027, 9, 26), date(2027, 10, 9))),
)
_SOURCE = "sample"


def furnish(roster: Roster, admin: Actor) -> None:
    """Give the city its ground and its rules."""
    _lay_out(roster, admin)
    transact(_decree, roster, admin)


def sample_days() -> list[OwnDay]:
    """Return the days of 2027 that differ from the week's course."""
    days = []
    for name, first, count, instead in _DAYS_OFF:
        days += [OwnDay(first + timedelta(days=nth), workday=False, name=name) for nth in range(count)]
        days += [OwnDay(day, workday=True, name=f"{name}调休") for day in instead]
    return days


def _lay_out(roster: Roster, admin: Actor) -> None:
    def imported(kind: LayerKind, name: str, layer: dict[str, Any]) -> UUID:
        raw = json.dumps(layer, ensure_ascii=False).encode()
        return import_layer(admin, Import(roster.agencies[CITY_CODE], kind, name), raw)

    transact(activate, admin, imported(LayerKind.AREA, "行政区划", areas()), LAKE_REASON)
    transact(activate, admin, imported(LayerKind.UNIT_GRID, "单元网格", unit_grids()), LAKE_REASON)
    grids = imported(LayerKind.RESPONSIBILITY_GRID, "责任网格", responsibility_grids())
    transact(activate, admin, grids, LAKE_REASON)
    transact(_post_officers, roster, admin, grids)
    imported(LayerKind.UNIT_GRID, "单元网格(待修)", broken_grids())


def _post_officers(session: Session, roster: Roster, admin: Actor, layer_id: UUID) -> None:
    """Give each responsibility grid its collector: the areas' collectors are numbered in turn."""
    for nth, area in enumerate(AREAS):
        for grid in range(_GRIDS_PER_AREA):
            officer = roster.officers[f"c{nth + 1 + grid * len(AREAS):03}"]
            assign_officers(session, admin, layer_id, f"{CITY_CODE}{area.code}G{grid + 1:02}", [officer])


def _decree(session: Session, roster: Roster, admin: Actor) -> None:
    city_id = roster.agencies[CITY_CODE]
    write_days(session, Doer(city_id, admin.officer_id), sample_days(), _SOURCE)
    today = now().astimezone(ZONE).date()
    for squad, area in SQUADS:
        if area != CITY_CODE:
            basis = "澄浦市城市管理责任清单：辖区内各类问题由属地中队牵头。"
            entry = NewEntry(city_id, SCHEME, "", f"{CITY_CODE}{area}", roster.squads[squad], (), basis, today)
            put_entry(session, admin, entry)
    for matter in MATTERS:
        basis = f"澄浦市城市管理责任清单：{matter.unit}牵头，女子中队配合劝导。"
        assisting = (roster.squads["女子中队"],)
        entry = NewEntry(city_id, SCHEME, matter.code, "", roster.squads[matter.unit], assisting, basis, today)
        put_entry(session, admin, entry)
    set_policy(session, admin, PolicyRow(city_id, SCHEME, ALL_CLASSES, Policy("propose")))
    set_policy(session, admin, PolicyRow(city_id, SCHEME, ATTACHED, Policy("attach")))
