"""Flags of evidence on both databases: worked out by a sweep, again when something changes, told with reasons."""

import re
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import world
from console import console
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from street import FACTS, Street, declared, sha256_of, street
from support.field import FieldHandset, photo, report
from support.kinds import PLACE, correction

from photo_store.likeness import Likeness
from server.casework.jobs import sweep_flags
from server.casework.models import Case
from server.db import read, transact
from server.evidence import flags, likenesses
from server.evidence.flag_labels import FLAGS, flag_reason
from server.evidence.flag_rules import Flag, FlagKind
from server.evidence.models import Evidence, EvidenceFlag, LikenessSlot
from server.evidence.models import Likeness as Known
from server.evidence.photos import note_derive_failed
from server.geography.crs import shown_in

PICTURE = bytes(range(100, 132))
AT_THE_CASE = replace(FACTS, lon=123.5012, lat=30.4987)


def flipped(count: int, bits: bytes = PICTURE) -> bytes:
    """Return the picture's likeness with so many bits turned, spread over its chunks."""
    number = int.from_bytes(bits)
    for turn in range(count):
        number ^= 1 << (turn * 8 % 256 + turn // 32)
    return number.to_bytes(32)


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    return street(app, client)


@pytest.fixture
def reviewer(town: Street) -> dict[str, str]:
    return world.signed_in(town.client, town.city.reviewer)


def derived(town: Street, name: str, bits: bytes, *, flat: bool = False, embedded: int | None = None) -> None:
    """Let the worker have looked at a photograph."""
    with town.app.app_context():
        transact(likenesses.remember, sha256_of(name), Likeness(bits, flat), embedded)


def swept(town: Street) -> None:
    with town.app.app_context():
        for _ in range(4):
            sweep_flags.run()
        assert read(flags.due, 10) == []


def arrived(town: Street, name: str, bits: bytes, **facts: Any) -> UUID:  # noqa: ANN401 (columns of the evidence)
    """Report a case with one photograph, let it arrive, be looked at and flagged; return the case."""
    case_id = town.report(name)
    town.upload(name, facts=AT_THE_CASE)
    derived(town, name, bits)
    if facts:
        change(town, case_id, **facts)
    swept(town)
    return case_id


def change(town: Street, case_id: UUID, **columns: Any) -> None:  # noqa: ANN401 (columns of the evidence)
    def run(session: Session) -> None:
        session.execute(update(Evidence).where(Evidence.owner_id == case_id).values(**columns))

    with town.app.app_context():
        transact(run)


def shots(town: Street, headers: dict[str, str], query: str = "") -> list[dict[str, Any]]:
    response = town.client.get(f"/api/v1/evidence{query}", headers=headers)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json["evidence"]
    return found


def raised(town: Street, headers: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Return the flags by case: kind and facts."""
    return {shot["owner_id"]: {flag["kind"]: flag["facts"] for flag in shot["flags"]} for shot in shots(town, headers)}


def alike(town: Street, headers: dict[str, str], evidence_id: str) -> list[dict[str, Any]]:
    response = town.client.get(f"/api/v1/evidence/{evidence_id}/alike", headers=headers)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json["alike"]
    return found


def test_a_photograph_without_oddities_has_no_flag(town: Street, reviewer: dict[str, str]) -> None:
    case_id = arrived(town, "near", PICTURE)
    assert raised(town, reviewer) == {str(case_id): {}}


def test_the_same_picture_on_two_cases_flags_both(town: Street, reviewer: dict[str, str]) -> None:
    first = arrived(town, "near", PICTURE)
    second = arrived(town, "again", flipped(31))
    facts = {"cases": 1, "own_case": False, "distance": 31, "same_file": False}
    assert raised(town, reviewer) == {
        str(first): {"same_picture": facts},
        str(second): {"same_picture": facts},
    }


def test_32_bits_are_another_picture_but_perhaps_the_same_place(town: Street, reviewer: dict[str, str]) -> None:
    first = arrived(town, "near", PICTURE)
    second = arrived(town, "again", flipped(32))
    hint = {"similar_place": {"cases": 1, "distance": 32}}
    assert raised(town, reviewer) == {str(first): hint, str(second): hint}


def test_51_bits_are_nothing(town: Street, reviewer: dict[str, str]) -> None:
    arrived(town, "near", PICTURE)
    arrived(town, "again", flipped(51))
    assert not any(raised(town, reviewer).values())


def test_the_same_file_on_two_cases_is_flagged_even_if_it_is_flat(town: Street, reviewer: dict[str, str]) -> None:
    first = town.report("near")
    second = town.report("near")
    town.upload("near", facts=AT_THE_CASE)
    derived(town, "near", PICTURE, flat=True)
    swept(town)
    facts = {"cases": 1, "own_case": False, "distance": 0, "same_file": True}
    assert raised(town, reviewer) == {str(first): {"same_picture": facts}, str(second): {"same_picture": facts}}


def test_flat_pictures_are_alike_to_nothing(town: Street, reviewer: dict[str, str]) -> None:
    for name in ("wall", "fog"):
        town.report(name)
        town.upload(name, facts=AT_THE_CASE)
        derived(town, name, PICTURE, flat=True)
    swept(town)
    assert not any(raised(town, reviewer).values())


def test_an_after_photograph_that_is_the_before_photograph_is_flagged_alone(
    town: Street, reviewer: dict[str, str]
) -> None:
    _, task_id = town.dispatched("before")
    for event in ("accepted", "started"):
        town.answer(task_id, event)
    town.answer(task_id, "done", photos=declared("after", role="after"))
    town.upload("before", facts=AT_THE_CASE)
    town.upload("after", handset=town.enforcer, facts=AT_THE_CASE)
    derived(town, "before", PICTURE)
    derived(town, "after", flipped(5))
    swept(town)
    found = {shot["stage"]: [flag["kind"] for flag in shot["flags"]] for shot in shots(town, reviewer)}
    assert found == {"report": [], "disposal": ["same_picture"]}


def test_before_and_after_from_one_standpoint_are_not_flagged(town: Street, reviewer: dict[str, str]) -> None:
    _, task_id = town.dispatched("before")
    town.answer(task_id, "done", photos=declared("after", role="after"))
    town.upload("before", facts=AT_THE_CASE)
    town.upload("after", handset=town.enforcer, facts=AT_THE_CASE)
    derived(town, "before", PICTURE)
    derived(town, "after", flipped(40))
    swept(town)
    assert [shot["flags"] for shot in shots(town, reviewer)] == [[], []]


def test_a_before_photograph_that_comes_last_has_the_after_photograph_looked_at_again(
    town: Street, reviewer: dict[str, str]
) -> None:
    _, task_id = town.dispatched("before")
    town.answer(task_id, "done", photos=declared("after", role="after"))
    town.upload("after", handset=town.enforcer, facts=replace(AT_THE_CASE, taken_at="2026-10-01T08:00:00"))
    derived(town, "after", flipped(90))
    swept(town)
    assert [shot["flags"] for shot in shots(town, reviewer)] == [[], []]
    town.upload("before", facts=AT_THE_CASE)
    derived(town, "before", PICTURE)
    swept(town)
    found = {shot["stage"]: [flag["kind"] for flag in shot["flags"]] for shot in shots(town, reviewer)}
    assert found == {"report": [], "disposal": ["after_older_than_before"]}


def test_sweeping_again_changes_nothing_and_leaves_nothing_due(town: Street) -> None:
    arrived(town, "near", PICTURE)
    arrived(town, "again", flipped(3))
    with town.app.app_context():
        before = read(_kept)
        swept(town)
        assert read(_kept) == before
    assert len(before) == 2


def _kept(session: Session) -> list[tuple[object, ...]]:
    rows = session.execute(
        select(EvidenceFlag.evidence_id, EvidenceFlag.kind, EvidenceFlag.facts, EvidenceFlag.raised_at).order_by(
            EvidenceFlag.evidence_id
        )
    )
    return [tuple(row) for row in rows]


def test_a_photograph_is_not_flagged_before_it_was_looked_at(town: Street, reviewer: dict[str, str]) -> None:
    town.report("near")
    town.upload("near")
    with town.app.app_context():
        assert read(flags.due, 10) == []


def test_a_photograph_that_was_given_up_is_still_flagged_for_what_its_item_says(
    town: Street, reviewer: dict[str, str]
) -> None:
    case_id = town.report("near")
    change(town, case_id, source="gallery")
    town.upload("near", facts=AT_THE_CASE)
    with town.app.app_context():
        transact(note_derive_failed, sha256_of("near"), "cut off")
    swept(town)
    assert raised(town, reviewer) == {str(case_id): {"from_gallery": {}}}


def test_the_facts_of_the_item_raise_their_flags(town: Street, reviewer: dict[str, str]) -> None:
    odd = {"source": "gallery", "certainty": "unknown", "lon": 123.6, "lat": 30.4987, "accuracy_m": 10.0}
    case_id = arrived(town, "near", PICTURE, **odd)
    found = raised(town, reviewer)[str(case_id)]
    assert set(found) == {"from_gallery", "clock_uncertain", "far_from_case"}
    assert found["far_from_case"]["limit_m"] == 516


def test_a_thumbnail_of_something_else_is_flagged(town: Street, reviewer: dict[str, str]) -> None:
    case_id = town.report("near")
    town.upload("near", facts=AT_THE_CASE)
    derived(town, "near", PICTURE, embedded=120)
    swept(town)
    assert raised(town, reviewer) == {str(case_id): {"embedded_thumbnail_differs": {"distance": 120}}}


def test_a_case_whose_place_is_corrected_is_measured_again(app: Flask, collector: FieldHandset) -> None:
    item = collector.item(payload=report(photo(1)))
    collector.results(item)
    collector.upload(photo(1))
    with app.app_context():
        transact(likenesses.remember, photo(1).sha256, Likeness(PICTURE, flat=False))
        sweep_flags.run()
        (evidence_id,) = read(lambda session: list(session.scalars(select(Evidence.id))))
        assert read(flags.of, [evidence_id]) == {}
    assert collector.states(collector.item("amend", correction(item, position=PLACE))) == ["applied"]
    with app.app_context():
        sweep_flags.run()
        (flag,) = read(flags.of, [evidence_id])[evidence_id]
    assert (flag.kind, flag.facts["by"]) == ("far_from_case", "fix")


@pytest.mark.parametrize(("lon", "flagged"), [(AT_THE_CASE.lon, []), (123.6, ["far_from_case"])])
def test_a_case_known_in_a_shifted_system_is_measured_from_where_it_truly_is(
    town: Street, reviewer: dict[str, str], lon: float, flagged: list[str]
) -> None:
    case_id = town.report("near")

    def shift(session: Session) -> None:
        east, north = shown_in(123.5012, 30.4987, "bd09")
        changed = update(Case).where(Case.id == case_id).values(crs="bd09", lon=east, lat=north)
        session.execute(changed.execution_options(unmarked="a test's own change"))

    with town.app.app_context():
        transact(shift)
    town.upload("near", facts=replace(AT_THE_CASE, lon=lon))
    derived(town, "near", PICTURE)
    swept(town)
    assert list(raised(town, reviewer)[str(case_id)]) == flagged


def test_a_change_while_the_flags_are_worked_out_is_not_lost(town: Street) -> None:
    town.report("near")
    town.upload("near", facts=AT_THE_CASE)
    derived(town, "near", PICTURE)
    with town.app.app_context():
        (evidence_id,) = read(flags.due, 10)
        found = read(flags.work_out, evidence_id, lambda _session, _case_id: None)
        assert found is not None
        transact(flags.keep, found)
        assert read(flags.due, 10) == []
        transact(flags.reconsider, ("case", read(_owner_of, evidence_id)))
        between = read(flags.work_out, evidence_id, lambda _session, _case_id: None)
        assert between is not None
        transact(flags.reconsider, ("case", read(_owner_of, evidence_id)))
        transact(flags.keep, between)
        assert read(flags.due, 10) == [evidence_id]


def _owner_of(session: Session, evidence_id: UUID) -> UUID:
    return session.scalars(select(Evidence.owner_id).where(Evidence.id == evidence_id)).one()


def test_the_gallery_can_be_narrowed_to_what_is_flagged(town: Street, reviewer: dict[str, str]) -> None:
    plain = arrived(town, "near", PICTURE)
    odd = arrived(town, "far", flipped(100), source="gallery")
    assert [shot["owner_id"] for shot in shots(town, reviewer, "?flagged=true")] == [str(odd)]
    assert [shot["owner_id"] for shot in shots(town, reviewer, "?flagged=false")] == [str(plain)]


def test_the_case_page_tells_the_flags_too(town: Street) -> None:
    case_id = arrived(town, "near", PICTURE, source="gallery")
    (shot,) = town.case(case_id)["evidence"]
    assert shot["flags"] == [{"kind": "from_gallery", "facts": {}}]


def test_look_alikes_are_told_nearest_first(town: Street, reviewer: dict[str, str]) -> None:
    arrived(town, "near", PICTURE)
    for name, away in (("place", 45), ("again", 9), ("other", 70)):
        arrived(town, name, flipped(away))
    shot = next(shot for shot in shots(town, reviewer) if shot["sha256"] == sha256_of("near"))
    found = alike(town, reviewer, shot["id"])
    assert [(one["kind"], one["distance"], one["elsewhere"]) for one in found] == [
        ("same_picture", 9, False),
        ("similar_place", 45, False),
    ]
    ids = {one["sha256"]: one["id"] for one in shots(town, reviewer)}
    assert [one["evidence_id"] for one in found] == [ids[sha256_of("again")], ids[sha256_of("place")]]


def test_another_agencys_photograph_is_told_as_elsewhere_and_no_more(town: Street) -> None:
    seen = arrived(town, "near", PICTURE)
    arrived(town, "again", flipped(9))
    change(town, seen, agency_id=town.city.town_id)
    of_the_town = world.signed_in(town.client, town.city.town_dispatcher)
    (shot,) = shots(town, of_the_town)
    assert shot["flags"][0]["facts"] == {"cases": 1, "own_case": False, "distance": 9, "same_file": False}
    (found,) = alike(town, of_the_town, shot["id"])
    assert found == {
        "kind": "same_picture",
        "distance": 9,
        "same_file": False,
        "elsewhere": True,
        **dict.fromkeys(("evidence_id", "owner_kind", "owner_id", "stage", "role")),
    }


def test_look_alikes_of_evidence_out_of_scope_are_not_found(town: Street, reviewer: dict[str, str]) -> None:
    arrived(town, "near", PICTURE)
    (shot,) = shots(town, reviewer)
    of_the_town = world.signed_in(town.client, town.city.town_dispatcher)
    assert town.client.get(f"/api/v1/evidence/{shot['id']}/alike", headers=of_the_town).status_code == 404


def test_who_only_declared_a_hash_learns_nothing_of_where_else_it_is(town: Street, reviewer: dict[str, str]) -> None:
    arrived(town, "near", PICTURE)
    stranger = town.report("near", who=town.city.enforcer)
    change(town, stranger, present_at=None)
    awaited = next(shot for shot in shots(town, reviewer) if shot["present_at"] is None)
    assert alike(town, reviewer, awaited["id"]) == []


def test_remembering_the_same_twice_changes_nothing(town: Street) -> None:
    arrived(town, "near", PICTURE)
    derived(town, "near", PICTURE)
    with town.app.app_context():
        assert read(flags.due, 10) == []
        assert len(read(_slots)) == 16


def test_a_new_look_replaces_the_old_one(town: Street) -> None:
    arrived(town, "near", PICTURE)
    derived(town, "near", flipped(120))
    with town.app.app_context():
        assert read(likenesses.same_pictures, PICTURE) == {}
        assert read(likenesses.same_pictures, flipped(120)) == {sha256_of("near"): 0}
        assert len(read(_slots)) == 16


def test_what_is_forgotten_is_not_found_and_leaves_no_look_behind(town: Street) -> None:
    arrived(town, "near", PICTURE)
    with town.app.app_context():
        for _ in range(2):
            transact(likenesses.forget, sha256_of("near"))
        assert read(likenesses.same_pictures, PICTURE) == {}
        assert read(_slots) == []
        assert read(_known) == []


def _slots(session: Session) -> list[int]:
    return list(session.scalars(select(LikenessSlot.slot)))


def _known(session: Session) -> list[tuple[bytes, bool]]:
    return [(row.bits, row.flat) for row in session.execute(select(Known.bits, Known.flat))]


def test_the_gallery_shows_each_flag_with_its_reason_and_can_show_these_alone(town: Street) -> None:
    arrived(town, "near", PICTURE)
    arrived(town, "far", flipped(100), source="gallery")
    reviewer = console(town.app, town.city.reviewer)
    page = reviewer.text("/evidence?flagged=1")
    assert page.count('class="badge flagged"') == 1
    assert page.count('<article class="shot"') == 1
    assert reviewer.text("/evidence").count('<article class="shot"') == 2


@pytest.mark.parametrize("kind", list(FlagKind))
def test_every_kind_of_flag_has_a_label_and_says_its_reason(town: Street, kind: FlagKind) -> None:
    facts = {
        "cases": 2,
        "own_case": False,
        "distance": 3,
        "same_file": False,
        "certainty": "unknown",
        "metres": 812,
        "limit_m": 512,
        "width": 1080,
        "height": 2400,
        "after": "2026-11-21T08:00:00+00:00",
        "before": "2026-11-22T08:00:00+00:00",
    }
    with town.app.test_request_context():
        for by in ("clock", "exif", "size", "fix"):
            assert len(flag_reason(Flag(kind, {**facts, "by": by}))) > 10
        assert str(FLAGS[kind]) != kind


def test_the_reason_names_what_was_found(town: Street) -> None:
    told = Flag("screenshot_like", {"by": "software", "software": "Adobe Photoshop <b>"})
    own = Flag("same_picture", {"cases": 0, "own_case": True, "distance": 2, "same_file": True})
    with town.app.test_request_context(headers={"Accept-Language": "en"}):
        assert flag_reason(told) == "The file names the program Adobe Photoshop <b>."
        assert flag_reason(own) == "This is the picture from before the disposal."
        assert flag_reason(Flag("reviewer", {"reason": "看不清"})) == "看不清"
        assert flag_reason(Flag("from_the_future", {})) == ""


def test_a_reviewer_compares_a_used_picture_with_where_it_was_used(town: Street) -> None:
    arrived(town, "near", PICTURE)
    second = arrived(town, "again", flipped(9))
    reviewer = console(town.app, town.city.reviewer)
    gallery = reviewer.text("/evidence")
    first_link = re.findall(r'href="(/evidence/[0-9a-f-]+/alike)"', gallery)[-1]
    page = reviewer.text(first_link)
    assert page.count('<article class="shot"') == 2
    assert f"/cases/{second}" in page
    change(town, second, agency_id=town.city.town_id)
    of_the_town = console(town.app, town.city.town_dispatcher)
    (own_link,) = re.findall(r'href="(/evidence/[0-9a-f-]+/alike)"', of_the_town.text("/evidence"))
    hidden = of_the_town.text(own_link)
    assert hidden.count('<article class="shot"') == 1
    assert of_the_town.client.get(first_link).status_code == 404
