"""What the feed costs: statements are counted, because a slow pull is what a county with 300 handsets feels first."""

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select, update
from support.field import FieldHandset, photo, report
from support.mirrored import MirroredHandset
from support.office import Office
from support.statements import statements

from server.clock import now
from server.db import read, transact
from server.gateway.contact import TOUCH_EVERY
from server.identity.models import InstallReport

WRITES = ("INSERT", "UPDATE", "DELETE")


@pytest.fixture
def synced(collector: FieldHandset) -> MirroredHandset:
    """Return a handset that has pulled all that there is."""
    mirrored = MirroredHandset(collector)
    collector.push(*(collector.item(payload=report(photo(1))) for _ in range(5)))
    mirrored.pull()
    return mirrored


def test_a_pull_with_nothing_new_is_two_reads_and_no_write(app: Flask, synced: MirroredHandset) -> None:
    with statements(app) as sent:
        page = synced.handset.trusted(synced.ask(synced.cursor))
    assert (page["changes"], page["has_more"]) == ([], False)
    assert len(sent) == 2, sent
    assert all(statement.startswith("SELECT") for statement in sent)


def test_a_member_of_a_squad_pays_no_more(app: Flask, enforcer: FieldHandset) -> None:
    mirrored = MirroredHandset(enforcer)
    mirrored.pull()
    with statements(app) as sent:
        assert mirrored.pull() == []
    assert len(sent) == 2, sent


def test_a_page_costs_the_same_few_statements_whatever_it_brings(
    app: Flask, synced: MirroredHandset, enforcer: FieldHandset, office: Office
) -> None:
    for case in office.cases():
        office.dispatch(case["id"])
    mirrored = MirroredHandset(enforcer)
    with statements(app) as few:
        assert len(mirrored.handset.trusted(mirrored.ask(limit=1))["changes"]) == 1
    with statements(app) as many:
        page = mirrored.handset.trusted(mirrored.ask())
    assert len(page["changes"]) == 5
    # Who asks, where it stands, marks, tasks with their photographs; the last page adds two for its digest.
    assert len([statement for statement in many if not statement.startswith(WRITES)]) == 7, many
    assert len([statement for statement in few if not statement.startswith(WRITES)]) == 5, few


def test_a_pull_that_delivered_something_notes_the_contact_every_five_minutes(
    app: Flask, collector: FieldHandset, office: Office
) -> None:
    mirrored = MirroredHandset(collector)
    (result,) = collector.results(collector.item())
    mirrored.pull()
    office.act(result["case_id"], "file")
    with statements(app) as sent:
        assert mirrored.pull()
    assert not [statement for statement in sent if statement.startswith(WRITES)], "the push was a moment ago"
    earlier = now() - TOUCH_EVERY * 2
    with app.app_context():
        transact(lambda session: session.execute(update(InstallReport).values(seen_at=earlier, free_mb=7)))
    assert mirrored.pull() == []
    assert seen(app) == (earlier, 7), "a pull with nothing new never writes"
    office.act(result["case_id"], "dispatch", squad_id=str(office.city.street_squad_id))
    assert mirrored.pull()
    seen_at, free_mb = seen(app)
    assert (seen_at > earlier, free_mb) == (True, 7)


def seen(app: Flask) -> tuple[datetime, int | None]:
    with app.app_context():
        row = read(lambda session: session.execute(select(InstallReport.seen_at, InstallReport.free_mb)).one())
    return row.seen_at, row.free_mb
