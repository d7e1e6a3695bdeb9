"""A handset that its server forgot, because that was restored to a time before the enrolment, comes back as it was."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import world
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from support.duty import code_for, join, new_key, offered, revoke
from support.field import FieldHandset, photo, refused, report
from support.inside import ADDRESS, Inside
from support.keeping import QUIET_PORT, Deployment
from support.street_clock import StreetClock
from werkzeug.test import TestResponse

from server.casework.models import Case
from server.clock import use
from server.config import Settings
from server.db import read, transact
from server.evidence.models import Evidence
from server.gateway.models import InboxItem
from server.identity.models import InstallKey
from server.ledger.models import CustodyEvent
from server.standards.published import publish_all
from sync.handset import Handset, LineBroken, Refused, Snap
from sync.handset.cli import run

PAYLOAD = {name: value for name, value in report().items() if name != "photos"}
SHOT = Snap("near", photo(1).content)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, port=QUIET_PORT)


@pytest.fixture
def inside(app: Flask) -> Inside:
    with app.app_context():
        transact(publish_all)
    return Inside(app=app)


@pytest.fixture
def handset(inside: Inside, tmp_path: Path) -> Iterator[Handset]:
    with Handset(tmp_path / "handset", ADDRESS, transport=inside) as handset:
        yield handset


def effects(session: Session) -> list[object]:
    """Return what the field did, without what chance decides."""
    cases = session.execute(select(Case.install_id, Case.origin_item_id, Case.reporter_id)).all()
    shown = session.execute(select(Evidence.item_id, Evidence.sha256, Evidence.present_at.is_not(None))).all()
    items = session.execute(select(InboxItem.install_id, InboxItem.item_id, InboxItem.state)).all()
    return sorted(map(tuple, [*cases, *shown, *items]), key=str)


def lived(app: Flask) -> list[object]:
    with app.app_context():
        return read(effects)


def ask(app: Flask, code: str, key: Any, **known: UUID) -> TestResponse:  # noqa: ANN401 (a private key)
    body = {"code": code, "public_key": offered(key), "label": "x", "app": "1"}
    return app.test_client().post("/api/v1/enrol", json=body | {name: str(value) for name, value in known.items()})


def test_a_forgotten_handset_comes_back_with_everything(
    app: Flask, city: world.World, deployment: Deployment, handset: Handset
) -> None:
    backup = deployment.backup()
    handset.enrol(code_for(app, city, city.enforcer))
    install_id = handset.install_id
    handset.record("report", PAYLOAD, [SHOT])
    handset.record("report", PAYLOAD)
    handset.enrol_officer(code_for(app, city, city.squad_mate))
    handset.record("report", PAYLOAD)
    assert handset.sync().answers == {"applied": 3}
    before = lived(app)
    done = deployment.restore(backup)
    assert done.exit_code == 0, done.output

    later = handset.record("report", PAYLOAD)
    with pytest.raises(LineBroken, match="enrol again with a new code"):
        handset.sync()
    handset.enrol(fresh_code(app, city, city.enforcer))
    handset.enrol_officer(fresh_code(app, city, city.squad_mate), again=True)
    assert (handset.install_id, handset.officer["id"]) == (install_id, str(city.squad_mate.id))
    tally = handset.sync()
    assert (tally.told, tally.needed, tally.digest_differed) == ([], 3, False)
    assert (handset.outbox.item(later).state, handset.outbox.unsent_count()) == ("applied", 0)
    assert set(before) < set(lived(app))
    assert len(lived(app)) == len(before) + 2
    assert handset.verify().needed == 0


def fresh_code(app: Flask, city: world.World, person: world.Person) -> str:
    """Let the administrator sign in anew, which a restore makes necessary, and issue a code."""
    client = app.test_client()
    headers = world.signed_in(client, city.admin)
    issued = client.post("/api/v1/enrolment-codes", headers=headers, json={"officer_id": str(person.id)})
    return str(issued.json["code"])


def test_after_a_restore_the_shifts_since_are_told_again(
    app: Flask, city: world.World, deployment: Deployment, inside: Inside, tmp_path: Path
) -> None:
    clock = StreetClock()
    with use(lambda: clock.wall), Handset(tmp_path / "shared", ADDRESS, transport=inside, clock=clock) as handset:
        handset.enrol(code_for(app, city, city.enforcer))
        clock.pass_(hours=1)
        handset.enrol_officer(code_for(app, city, city.squad_mate))
        backup = deployment.backup()
        for person in (city.enforcer, city.squad_mate):
            clock.pass_(hours=1)
            handset.switch_officer(str(person.id))
            clock.pass_(hours=1)
            handset.record("report", PAYLOAD)
            assert handset.sync().answers == {"applied": 1}
        assert deployment.restore(backup).exit_code == 0
        clock.pass_(hours=1)
        tally = handset.sync()
        assert (tally.needed, tally.told, tally.answers) == (2, [], {"applied": 2})
        assert handset.officer["id"] == str(city.squad_mate.id)


def test_a_known_install_gets_a_new_credential_with_its_own_key(
    app: Flask, city: world.World, enforcer: FieldHandset
) -> None:
    recorded = enforcer.item()
    assert enforcer.states(recorded) == ["applied"]
    enrolled, code = enforcer.enrolled, code_for(app, city, city.enforcer)
    first = ask(app, code, enrolled.key, install_id=enrolled.install_id, officer_id=city.enforcer.id)
    second = ask(app, code, enrolled.key, install_id=enrolled.install_id, officer_id=city.enforcer.id)
    assert first.status_code == second.status_code == 201
    assert first.json | {"server_time": ""} == second.json | {"server_time": ""}
    assert first.json["install_id"] == str(enrolled.install_id)
    refused(enforcer.ask_page(), 401, "unknown-handset")
    credential = first.json["credential"]
    headers = {"Authorization": f"Bearer {credential}"}
    back = replace(enforcer, enrolled=replace(enrolled, credential=credential, headers=headers))
    assert back.states(recorded, back.item()) == ["duplicate", "applied"]
    with app.app_context():
        events = read(lambda session: list(session.scalars(select(CustodyEvent.kind).order_by(CustodyEvent.id))))
        assert read(lambda session: session.scalar(select(func.count()).select_from(InstallKey))) == 1
    assert events[-2:] == ["code_issued", "enrolled_again"]


def test_nobody_takes_a_known_install_over_with_another_key(
    app: Flask, city: world.World, enforcer: FieldHandset
) -> None:
    install_id, code = enforcer.enrolled.install_id, code_for(app, city, city.enforcer)
    refused(ask(app, code, new_key(), install_id=install_id), 409, "foreign-install")
    mate = code_for(app, city, city.squad_mate)
    refused(ask(app, mate, enforcer.enrolled.key, install_id=install_id), 409, "foreign-install")
    known = {"install_id": install_id, "officer_id": city.enforcer.id}
    refused(ask(app, mate, enforcer.enrolled.key, **known), 409, "other-officer")
    assert enforcer.ask_page().status_code == 200
    # No code was used up.
    assert ask(app, code, enforcer.enrolled.key, **known).status_code == 201
    assert ask(app, mate, new_key()).status_code == 201


def test_a_code_used_for_one_install_is_not_repeated_for_another(
    app: Flask, city: world.World, enforcer: FieldHandset
) -> None:
    code, key, install_id = code_for(app, city, city.collector), new_key(), uuid4()
    assert ask(app, code, key, install_id=install_id).json["install_id"] == str(install_id)
    refused(ask(app, code, key, install_id=uuid4()), 409, "code-used")
    assert ask(app, code, key, install_id=install_id).status_code == 201
    refused(join(enforcer, code, key), 409, "code-used")


def test_a_revoked_install_does_not_come_back(app: Flask, city: world.World, enforcer: FieldHandset) -> None:
    revoke(app, city, enforcer)
    code = code_for(app, city, city.enforcer)
    again = ask(app, code, enforcer.enrolled.key, install_id=enforcer.enrolled.install_id)
    refused(again, 409, "foreign-install")


def test_a_lost_answer_to_the_second_enrolment_costs_nothing(
    app: Flask, city: world.World, handset: Handset, inside: Inside
) -> None:
    handset.enrol(code_for(app, city, city.enforcer))
    handset.record("report", PAYLOAD)
    handset.sync()
    code = code_for(app, city, city.enforcer)
    inside.lost = "/api/v1/enrol"
    with pytest.raises(LineBroken):
        handset.enrol(code, again=True)
    handset.enrol(code)
    assert handset.verify().needed == 0
    assert handset.sync().is_current


def test_the_code_of_an_officer_who_never_had_the_handset_does_not_bring_it_back(
    app: Flask, city: world.World, handset: Handset
) -> None:
    handset.enrol(code_for(app, city, city.enforcer))
    with pytest.raises(Refused) as refusal:
        handset.enrol(code_for(app, city, city.collector), again=True)
    assert refusal.value.slug == "other-officer"
    assert handset.sync().is_current


def test_the_command_enrols_again(
    app: Flask, city: world.World, inside: Inside, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ["--folder", str(tmp_path / "other"), "--url", ADDRESS]
    assert run([*folder, "enrol", code_for(app, city, city.enforcer)], inside) == 0
    assert run([*folder, "enrol", code_for(app, city, city.enforcer)], inside) == 1
    assert run([*folder, "enrol", code_for(app, city, city.enforcer), "--again"], inside) == 0
    assert run([*folder, "shift", code_for(app, city, city.enforcer), "--again"], inside) == 0
    first, second = (line for line in capsys.readouterr().out.splitlines() if line.startswith("Enrolled as"))
    assert first == second
