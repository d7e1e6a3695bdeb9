"""Every door of the product, tried by those who may not go through it: strangers, other towns, each wrong role.

The walk follows the application's own list of routes, and the table in tests/support/doors.py says who may. A route
that is not in the table fails here, so no door is ever built without somebody having said whose it is.
"""

import hashlib
import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import pytest
import world
from console import Console, stranger
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from support.databases import ON_SQLITE_ONLY
from support.doors import DOORS, Door, Who
from support.field import FieldHandset, photo, report, sealed_item
from support.people import lived
from support.rehearsal import rows_of
from werkzeug.routing import AnyConverter, Rule
from werkzeug.test import TestResponse

from server.base import Base
from server.db import db, read, transact
from server.identity import operations
from server.identity.rules import Role
from server.ledger.custody.sequencer import sequence

SHUT = {401, 403, 404}
# A form that is refused sends its reader back to the page, which says so.
TOLD_ON_THE_NEXT_PAGE = 303
# What is no id of a thing, though it stands in an address.
WORDS = {"filename", "name", "rendition", "role", "code", "day", "scheme", "version", "form"}
NOBODYS = str(uuid.UUID(int=7))
HERE = photo(1)


@pytest.fixture
def things(app: Flask, city: world.World, collector: FieldHandset) -> dict[str, str]:
    """Return this street's things by the names that addresses and bodies give them."""
    return dict(lived("this street's things", lambda: made_things(app, city, collector), collector))


def made_things(app: Flask, city: world.World, collector: FieldHandset) -> dict[str, str]:
    item = collector.item(payload=report(HERE))
    (result,) = collector.results(item)
    collector.upload(HERE)
    broken = sealed_item(collector.document(payload={**report(HERE), "category": None}), collector.sign)
    assert collector.states(broken) == ["quarantined"]
    with app.app_context():
        evidence_id = read(_evidence_of, HERE.sha256)
        # The log numbers what it holds whenever it is asked: nothing may be left to number.
        sequence()
    return {
        "case_id": result["case_id"],
        "evidence_id": evidence_id,
        "sha256": HERE.sha256,
        "officer_id": str(city.collector.id),
        "install_id": str(collector.enrolled.install_id),
        "agency_id": str(city.street_id),
        "squad_id": str(city.street_squad_id),
        "row_id": f"{collector.enrolled.install_id}.{broken['id']}.{broken['h']}",
        "rendition": "original",
        "role": "collector",
        "code": "990101001",
        "name": "category_schemes",
        "filename": "mark.svg",
        "scheme": "gbt30428_2_2013",
        "version": "2013",
        "form": "csv",
        "day": "2026-03-03",
    }


def _evidence_of(session: Session, sha256: str) -> str:
    evidence = Base.metadata.tables["evidence"]
    return str(session.execute(select(evidence.c.id).where(evidence.c.sha256 == sha256)).scalar_one())


@dataclass
class Caller:
    """One account (or nobody), at the API and at the console."""

    app: Flask
    person: world.Person | None
    headers: dict[str, str] = field(default_factory=dict)
    browser: Console = field(init=False)
    csrf: str = field(init=False)

    @property
    def role(self) -> str:
        """Return the role of the account; nobody's is none."""
        return "nobody" if self.person is None else self.person.role

    def __post_init__(self) -> None:
        self.browser = stranger(self.app)
        if self.person is not None:
            self.headers = world.signed_in(self.app.test_client(), self.person)
            entered = self.browser.post("/login", login=self.person.login, password=self.person.password)
            assert entered.status_code == TOLD_ON_THE_NEXT_PAGE
        self.csrf = self.browser.csrf_token()

    def ask(self, method: str, path: str, door: Door, things: Mapping[str, str]) -> TestResponse:
        """Go through a door as a program, or as a page's form that wants its problems as JSON."""
        body, query = filled(door.body, things), filled(door.query, things)
        if path.startswith("/api/"):
            sent: dict[str, Any] = {} if method == "GET" or not body else {"json": body}
            if door.file:
                sent = {"data": door.file, "content_type": door.media_type}
            return self.app.test_client().open(path, method=method, headers=self.headers, query_string=query, **sent)
        form = {} if method == "GET" else {"data": {"csrf_token": self.csrf, **body}}
        accept = {"Accept": "application/json"}
        return self.browser.client.open(path, method=method, headers=accept, query_string=query, **form)


def filled(given: Any, things: Mapping[str, str]) -> Any:  # noqa: ANN401 (JSON)
    """Put this town's ids where ``<name>`` stands; of what this town has not got, an id that nobody has."""
    if isinstance(given, Mapping):
        return {name: filled(value, things) for name, value in given.items()}
    if isinstance(given, list):
        return [filled(value, things) for value in given]
    if isinstance(given, str) and given.startswith("<"):
        return things.get(given.strip("<>"), NOBODYS)
    return given


def houses(app: Flask) -> Iterator[tuple[str, list[tuple[Rule, Door]]]]:
    """Yield every route that has a line in the table, by blueprint."""
    rules = sorted((rule for rule in app.url_map.iter_rules() if rule.endpoint in DOORS), key=_blueprint)
    for name, group in groupby(rules, key=_blueprint):
        yield name, [(rule, DOORS[rule.endpoint]) for rule in group]


def _blueprint(rule: Rule) -> str:
    return rule.endpoint.partition(".")[0]


def ways(app: Flask, rule: Rule, things: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each method and path of a route; a route for several steps has a path for each of them."""
    adapter = app.url_map.bind("localhost")
    known = {name: things.get(name, NOBODYS) for name in rule.arguments}
    steps: list[dict[str, str]] = [{}]
    for name in rule.arguments:
        converter = rule._converters[name]  # noqa: SLF001 (werkzeug tells it nowhere else)
        if isinstance(converter, AnyConverter):
            steps = [{**chosen, name: step} for chosen in steps for step in sorted(converter.items)]
    for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
        for chosen in steps:
            yield method, adapter.build(rule.endpoint, _values(rule, known | chosen), method=method)


def _values(rule: Rule, texts: dict[str, str]) -> dict[str, Any]:
    kinds = {name: type(rule._converters[name]).__name__ for name in rule.arguments}  # noqa: SLF001 (as above)
    return {name: uuid.UUID(text) if kinds[name] == "UUIDConverter" else text for name, text in texts.items()}


def wrong(response: TestResponse, method: str, path: str, shut: Collection[int] = SHUT) -> str | None:
    """Say what is wrong about an answer that should be a refusal; None if nothing is."""
    page = not path.startswith("/api/")
    if page and method != "GET" and response.status_code == TOLD_ON_THE_NEXT_PAGE:
        return None
    if response.status_code not in shut:
        return f"answers {response.status_code}: {response.get_data(as_text=True)[:120]}"
    # A page may answer a form with itself, what was typed kept.
    fit = response.mimetype == "application/problem+json" or (page and method != "GET")
    return None if fit else f"refuses with {response.mimetype}"


@dataclass
class Watch:
    """Tells at which doors a row changed; asked by blueprint, because it reads the whole database."""

    app: Flask
    without: frozenset[str] = frozenset()
    before: str = field(init=False)

    def __post_init__(self) -> None:
        self.before = self._present()

    def complaint(self, where: str) -> list[str]:
        """Say that something changed since the last time that this was asked, if so."""
        before, self.before = self.before, self._present()
        return [f"{where}: a row changed though everybody was refused"] if before != self.before else []

    def _present(self) -> str:
        with self.app.app_context():
            held = rows_of(db.engine)
        lines = [(name, sorted(rows)) for name, rows in held.items() if name not in self.without]
        return hashlib.sha256(repr(lines).encode()).hexdigest()


def callers(app: Flask, agency_id: uuid.UUID, prefix: str) -> dict[Role, Caller]:
    """Make one account for every role at an agency, and sign in with each."""
    cheap_hash = world.hashed_password()

    def make(session: Session) -> list[world.Person]:
        made = []
        for role in Role:
            login = f"{prefix}-{role.value}"
            facts = operations.NewOfficer(agency_id, login, login, cheap_hash, ((role, agency_id),))
            officer_id = operations.create_officer(session, facts)
            made.append(world.Person(officer_id, login, login, role, agency_id, None))
        return made

    with app.app_context():
        people = transact(make)
    return {person.role: Caller(app, person) for person in people}


def test_every_route_says_whose_it_is(app: Flask) -> None:
    routes = {rule.endpoint for rule in app.url_map.iter_rules()}
    unsaid = [
        f"{endpoint}: add a line to DOORS in tests/support/doors.py that says who may go through this door"
        for endpoint in sorted(routes - DOORS.keys())
    ]
    assert unsaid == []
    assert sorted(DOORS.keys() - routes) == [], "these doors are gone: take their lines out of tests/support/doors.py"


@ON_SQLITE_ONLY
@pytest.mark.timeout(300)
def test_a_stranger_gets_through_no_door(app: Flask, things: dict[str, str]) -> None:
    nobody, watch, found = Caller(app, None), Watch(app), []
    for name, group in houses(app):
        for rule, door in group:
            if door.who is not Who.ANYBODY:
                found += refused(rule, door, things, nobody)
        found += watch.complaint(name)
    assert not found, "\n".join(found)


@ON_SQLITE_ONLY
@pytest.mark.timeout(300)
def test_a_handsets_credential_opens_no_desk(app: Flask, things: dict[str, str], collector: FieldHandset) -> None:
    handset, watch, found = Caller(app, None, collector.headers), Watch(app), []
    for name, group in houses(app):
        for rule, door in group:
            # A photograph is shown to desks and handsets at one door, each by its own rule.
            if door.who not in {Who.ANYBODY, Who.HANDSET} and rule.endpoint != "photos_api.photo":
                found += refused(rule, door, things, handset)
        found += watch.complaint(name)
    assert not found, "\n".join(found)


@ON_SQLITE_ONLY
@pytest.mark.timeout(300)
def test_no_role_opens_a_door_that_is_anothers(app: Flask, city: world.World, things: dict[str, str]) -> None:
    desks = callers(app, city.city_id, "city")
    watch, found = Watch(app), []
    for name, group in houses(app):
        for rule, door in group:
            if door.who in {Who.ANYBODY, Who.SIGNED_IN}:
                continue
            for role in sorted(set(Role) - door.roles):
                found += refused(rule, door, things, desks[role])
        found += watch.complaint(name)
    assert not found, "\n".join(found)


@pytest.mark.timeout(300)
def test_another_town_reaches_nothing_of_this_one_with_the_right_role(
    app: Flask, city: world.World, things: dict[str, str]
) -> None:
    desks = callers(app, city.town_id, "town")
    # Reading the audit log is itself noted there.
    watch, found = Watch(app, frozenset({"audit_entry"})), []
    for name, group in houses(app):
        for rule, door in group:
            names_a_thing = bool(rule.arguments - WORDS) or "<" in repr((door.body, door.query))
            for role in sorted(door.roles):
                # A body that names what this town has not got may as well be told so by field.
                found += (
                    refused(rule, door, things, desks[role], SHUT | {422})
                    if names_a_thing
                    else leaking(rule, door, things, desks[role])
                )
        found += watch.complaint(name)
    assert not found, "\n".join(found)


def refused(
    rule: Rule, door: Door, things: Mapping[str, str], caller: Caller, shut: Collection[int] = SHUT
) -> list[str]:
    """Try every way through a door and say what is wrong about the answers."""
    found = []
    for method, path in ways(caller.app, rule, things):
        complaint = wrong(caller.ask(method, path, door, things), method, path, shut)
        found += [f"{rule.endpoint}: {method} {path} as {caller.role} {complaint}"] if complaint else []
    return found


def leaking(rule: Rule, door: Door, things: Mapping[str, str], caller: Caller) -> list[str]:
    """Read a list as another town and say what it tells of this one; other methods would change the town's own."""
    secrets = [text for name, text in things.items() if name not in WORDS]
    found = []
    for method, path in ways(caller.app, rule, things):
        if method == "GET":
            complaint = leaked(caller.ask(method, path, door, things), secrets)
            found += [f"{rule.endpoint}: {method} {path} as {caller.role} {complaint}"] if complaint else []
    return found


def leaked(response: TestResponse, secrets: list[str]) -> str | None:
    """Say what a list tells another town of this one; None if nothing."""
    text = response.get_data(as_text=True)
    if response.status_code not in {200, *SHUT}:
        return f"answers {response.status_code}: {text[:120]}"
    shown = [secret for secret in secrets if secret in text]
    return f"shows {shown}" if shown else None
