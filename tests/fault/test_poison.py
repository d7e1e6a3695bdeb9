"""Poison: one bad item among 199 good ones. The good ones are applied in the same request, the bad one is kept.

What was stored can be read by an administrator as it arrived, through the API and in the console.
"""

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
import world
from console import console
from flask import Flask
from sqlalchemy import select
from support.field import FieldHandset, Item, handset_of, photo, refused, report, slug_of
from support.office import Office
from support.poison import ELEMENTS, EVENTS, HEADS, PAYLOADS, TEXTS, event, nested

from server.gateway.models import InboxItem
from server.ledger.models import ItemNeed
from sync.handset.key import DeviceKey

QUARANTINED, WAITING, RETRY, APPLIED = "quarantined", "waiting", "retry", "applied"


@pytest.fixture
def handset(app: Flask, city: world.World) -> FieldHandset:
    return handset_of(app, city, city.collector)


def good(handset: FieldHandset, count: int) -> list[Item]:
    return [handset.item(payload=report(description=f"good {number}")) for number in range(count)]


def check_bad(handset: FieldHandset, bad: object, state: str, slug: str | None) -> dict[str, Any]:
    """Push the bad item between two good ones."""
    first, result, last = handset.results(*good(handset, 1), bad, *good(handset, 1))
    assert (first["state"], last["state"]) == (APPLIED, APPLIED)
    assert result["state"] == state, result
    assert slug is None or slug_of(result["problem"]) == slug, result
    return result


def check_kept(office: Office, results: Mapping[str, dict[str, Any]]) -> None:
    """See that every quarantined item can be read, through the API and in the console."""
    listed = {item["id"]: item for item in office.quarantine()}
    api, headers = office.app.test_client(), office.headers_of(office.city.admin)
    browser = console(office.app, office.city.admin)
    for name, result in results.items():
        held = listed[result["id"]]
        assert held["problem"]["detail"], name
        raw = api.get(f"/api/v1/quarantine/{held['row_id']}", headers=headers)
        assert raw.status_code == 200, (name, raw.text)
        assert isinstance(raw.json["body"], str)
        assert result["id"] in browser.text(f"/quarantine/{held['row_id']}"), name
    assert next(iter(results.values()))["id"] in browser.text("/quarantine?limit=200")


def test_elements_that_are_no_items_are_kept_and_hurt_nobody(handset: FieldHandset, office: Office) -> None:
    results = {name: check_bad(handset, bad, QUARANTINED, "not-an-item") for name, bad in ELEMENTS.items()}
    check_kept(office, results)
    assert handset.states(*ELEMENTS.values()) == ["duplicate"] * len(ELEMENTS)
    assert len(office.cases()) == 2 * len(ELEMENTS)


def test_items_whose_head_is_wrong_are_kept_and_hurt_nobody(handset: FieldHandset, office: Office) -> None:
    bad = {name: {**handset.item(), **changed} for name, (changed, _) in HEADS.items()}
    results = {name: check_bad(handset, bad[name], QUARANTINED, HEADS[name][1]) for name in HEADS}
    without = handset.item()
    del without["h"]
    results["no h at all"] = check_bad(handset, without, QUARANTINED, "not-an-item")
    check_kept(office, results)


def test_texts_that_are_no_body_are_kept_and_hurt_nobody(handset: FieldHandset, office: Office) -> None:
    results = {name: check_bad(handset, handset.text_item(text), QUARANTINED, None) for name, text in TEXTS.items()}
    assert slug_of(results["a body over 256 KiB"]["problem"]) == "item-too-large"
    check_kept(office, results)


def test_reports_with_a_wrong_payload_are_kept_and_hurt_nobody(handset: FieldHandset, office: Office) -> None:
    results = {}
    for name, payload in PAYLOADS.items():
        results[name] = check_bad(handset, handset.item(payload=payload), QUARANTINED, None)
        problem = results[name]["problem"]
        assert slug_of(problem) in {"validation", "not-an-item"}, (name, problem)
        # Named as the officer's app can show it.
        assert slug_of(problem) != "validation" or all(field.startswith("payload.") for field in problem["errors"])
    check_kept(office, results)


def test_task_events_with_a_wrong_payload_are_kept_and_hurt_nobody(handset: FieldHandset, office: Office) -> None:
    results = {
        name: check_bad(handset, handset.item("task_event", payload), QUARANTINED, "validation")
        for name, payload in EVENTS.items()
    }
    check_kept(office, results)


@pytest.mark.parametrize("kind", ["\0", "re\nport", "\ud800", "举报", "k" * 33, ""])
def test_a_kind_that_no_release_could_have_is_quarantined(handset: FieldHandset, kind: str) -> None:
    check_bad(handset, handset.item(kind), QUARANTINED, "not-an-item")


def test_what_only_a_newer_release_knows_waits_for_it(handset: FieldHandset, office: Office) -> None:
    result = check_bad(handset, handset.item("inspection"), WAITING, None)
    assert result["needs"] == ["kind:inspection:1"]
    result = check_bad(handset, handset.item(kv=2), WAITING, None)
    assert result["needs"] == ["kind:report:2"]
    result = check_bad(handset, handset.item(kv=2**63 - 1, kind="k" * 32), WAITING, None)
    assert len(office.rows(lambda session: session.scalars(select(ItemNeed.key)).all())) == 3
    assert office.quarantine() == []


def test_an_answer_to_a_task_that_nobody_knows_waits_for_the_task(handset: FieldHandset) -> None:
    payload = event()
    result = check_bad(handset, handset.item("task_event", payload), WAITING, None)
    assert result["needs"] == [f"task:{payload['task_id']}"]


def test_an_item_in_the_name_of_another_officer_is_quarantined(
    handset: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    stolen = handset.item(officer_id=str(enforcer.enrolled.officer_id))
    check_bad(handset, stolen, QUARANTINED, "foreign-officer")
    nobody = handset.item(officer_id=str(uuid4()))
    check_bad(handset, nobody, QUARANTINED, "foreign-officer")
    by_another_key = handset.item()
    by_another_key["sig"]["value"] = DeviceKey.make().sign(str(handset.enrolled.install_id), by_another_key["h"])
    check_bad(handset, by_another_key, QUARANTINED, "bad-signature")
    for_another_install = handset.item()
    for_another_install["sig"]["value"] = enforcer.sign(for_another_install["h"])
    check_bad(handset, for_another_install, QUARANTINED, "bad-signature")
    assert len(office.quarantine()) == 4


def test_an_item_damaged_on_its_way_hurts_nobody_and_is_asked_for_again(handset: FieldHandset, office: Office) -> None:
    check_bad(handset, {**handset.item(), "h": "0" * 64}, RETRY, "fingerprint-mismatch")
    assert office.quarantine() == []


def test_a_number_of_five_thousand_digits_beside_the_body_hurts_nobody(handset: FieldHandset, office: Office) -> None:
    sent = handset.envelope([*good(handset, 1), {**handset.item(), "dseq": "HERE"}, *good(handset, 1)])
    content = json.dumps(sent).replace('"HERE"', "9" * 5000).encode()
    answer = handset.trusted(handset.post(content))
    assert [result["state"] for result in answer["results"]] == [APPLIED, QUARANTINED, APPLIED]
    assert slug_of(office.quarantine()[0]["problem"]) == "head-mismatch"


def test_one_bad_item_among_199_good_ones_costs_none_of_them(handset: FieldHandset, office: Office) -> None:
    items: list[object] = [*good(handset, 199)]
    items.insert(120, handset.text_item(nested(100_000)))
    states = handset.states(*items)
    assert states.pop(120) == QUARANTINED
    assert states == [APPLIED] * 199
    assert [item["problem"]["detail"] for item in office.quarantine()] == ["The body is nested too deeply."]
    numbers = office.rows(lambda session: session.scalars(select(InboxItem.n)).all())
    assert sorted(numbers) == list(range(1, 201))


def test_every_item_of_a_batch_may_be_bad(handset: FieldHandset, office: Office) -> None:
    batch = [*ELEMENTS.values(), *(handset.item(payload=payload) for payload in list(PAYLOADS.values())[:4])]
    assert set(handset.states(*batch)) == {QUARANTINED}
    assert office.cases() == []


def bomb(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    packed = b"".join(packer.compress(b" " * 1024 * 1024) for _ in range(megabytes))
    return packed + packer.flush()


def test_gzip_bombs_are_refused(handset: FieldHandset, office: Office) -> None:
    encoded = {"Content-Encoding": "gzip"}
    for content in (bomb(9), bomb(64)):
        assert len(content) < 1024 * 1024
        refused(handset.post(content, headers=encoded), 413, "body-too-large")
    sound = zlib.compress(b"{}", wbits=16 + zlib.MAX_WBITS)
    for damaged in (b"", b"no gzip", sound[:-3], base64.b64encode(sound)):
        refused(handset.post(damaged, headers=encoded), 400, "bad-encoding")
    for unknown in ("zstd", "br", "gzip, gzip", "\xff"):
        refused(handset.post(sound, headers={"Content-Encoding": unknown}), 400, "bad-encoding")
    assert office.quarantine() == []


def test_a_report_with_a_photo_that_never_comes_is_applied_and_the_photo_is_missed(handset: FieldHandset) -> None:
    (result,) = handset.results(handset.item(payload=report(photo(1))))
    assert (result["state"], result["missing_photos"]) == (APPLIED, [photo(1).sha256])
