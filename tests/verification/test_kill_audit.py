"""The audit of row `kill` finds what is dropped behind the server's back: a row that never fails proves nothing."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Delete, Update, delete, update
from support.field import FieldHandset, Photo, report
from verification.pictures import shot
from verification.rows.kill_audit import audit
from verification.rows.kill_street import Books

from photo_store.blobs import original_key
from server.casework.models import Case
from server.config import Settings
from server.db import transact
from server.evidence.models import Evidence, Upload
from server.gateway.models import InboxItem
from server.identity.models import Install

TAKEN = shot(1, 64)
Kept = dict[UUID, Books]


@pytest.fixture
def books(collector: FieldHandset) -> Kept:
    """Return the books of a handset that pushed three reports and delivered one photograph."""
    kept = Books()
    items = [collector.item(payload=report(photos=[TAKEN.declared()])), collector.item(), collector.item()]
    for item in items:
        kept.keep(item, is_sound_report=True)
    for item, result in zip(items, collector.results(*items), strict=True):
        kept.acknowledge(item, result["n"])
    collector.upload(Photo(TAKEN.content))
    kept.delivered[TAKEN.sha256] = TAKEN
    return {collector.enrolled.install_id: kept}


def test_sound_books_have_no_findings(settings: Settings, books: Kept) -> None:
    assert audit(settings, books, [TAKEN]) == []


DROPS: dict[str, tuple[Callable[[], Delete | Update], str]] = {
    "an item": (lambda: delete(InboxItem).where(InboxItem.n == 2), "acknowledged and not stored"),
    "a number": (lambda: update(InboxItem).where(InboxItem.n == 3).values(n=4), "numbers have a gap"),
    "a content": (
        lambda: update(InboxItem).where(InboxItem.n == 1).values(fingerprint="0" * 64),
        "stored and never made",
    ),
    "a count": (lambda: update(Install).values(item_count=9), "its counter 9 is wrong"),
    "an effect": (
        lambda: update(InboxItem).where(InboxItem.n == 1).values(state="waiting"),
        "a case without an applied",
    ),
    "a case": (lambda: update(Case).values(install_id=UUID(int=1)), "applied without a case"),
    "a presence": (lambda: update(Evidence).values(present_at=None), "still missed by its case"),
    "an upload": (lambda: delete(Upload), "delivered and not complete"),
}


@pytest.mark.parametrize("what", DROPS)
def test_what_is_dropped_is_found(app: Flask, settings: Settings, books: Kept, what: str) -> None:
    make, told = DROPS[what]
    with app.app_context():
        transact(
            lambda session: session.execute(make().execution_options(synchronize_session=False, unmarked="a test"))
        )
    assert any(told in finding for finding in audit(settings, books, [TAKEN]))


def test_hurt_bytes_are_found(settings: Settings, books: Kept) -> None:
    original = next(Path(settings.blob_dir).rglob(original_key(TAKEN.sha256).rpartition("/")[2]))
    original.chmod(0o644)
    original.write_bytes(TAKEN.content[:-1])
    assert any("its bytes are others" in finding for finding in audit(settings, books, [TAKEN]))
