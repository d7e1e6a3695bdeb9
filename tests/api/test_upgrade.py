"""A database of the first release, with a season's rows in it, is brought to this release: nothing is lost.

The rows are written as the first release wrote them, into the tables that its own migration made.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, MetaData, NullPool, create_engine, func, make_url, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server import create_app
from server.casework.models import Case
from server.config import Settings
from server.db import db
from server.evidence.models import Evidence
from server.gateway.models import InboxItem
from server.identity.models import Install, InstallShift
from server.safekeeping.migrating import migrate, newest_revision, revision_of

CITY, SQUAD, OFFICER, FIRST, SECOND = (UUID(int=number) for number in range(1, 6))
# dseq of the first install's items in the order of storing: 4 and 8 never came, one item had none.
DSEQS = [2, 1, 3, 6, 5, 7, None, 9, 10]
MOMENT = datetime(2026, 11, 22, 0, 31, 2, tzinfo=UTC)
CASES, EVIDENCE = 5, 3
# Each breaks one rule: a CHECK, a unique key, a foreign key, NOT NULL.
VIOLATIONS = [
    "UPDATE inbox_item SET state = 'lost' WHERE n = 1",
    "UPDATE inbox_item SET n = 1 WHERE n = 2",
    "UPDATE inbox_item SET install_id = NULL WHERE n = 1",
    "UPDATE inbox_item SET item_id = (SELECT b.item_id FROM inbox_item AS b WHERE b.n = 9) WHERE n = 8",
    """UPDATE "case" SET state = 'forgotten'""",
    """UPDATE "case" SET case_no = NULL WHERE state = 'filed'""",
    """UPDATE "case" SET squad_id = NULL WHERE state = 'dispatched'""",
    """UPDATE "case" SET closed_at = NULL WHERE state = 'closed'""",
    """UPDATE "case" SET state = 'self_handled' WHERE state = 'reported'""",
    """UPDATE "case" SET case_no = '9901012026112200005' WHERE state = 'filed'""",
    """UPDATE "case" SET origin_item_id = (SELECT c.origin_item_id FROM "case" AS c WHERE c.state = 'filed')
       WHERE state = 'closed'""",
    "UPDATE evidence SET position = 0",
    "UPDATE evidence SET review_state = 'admired'",
    "UPDATE evidence SET review_state = 'accepted'",
    "UPDATE evidence SET agency_id = id",
    "UPDATE install SET item_count = -1",
    "UPDATE install SET backed_up_through = item_count + 1",
    "UPDATE install SET officer_id = id",
    "UPDATE install SET credential_sha256 = (SELECT i.credential_sha256 FROM install AS i WHERE i.item_count = 2)",
    "UPDATE deployment SET id = 2",
    "UPDATE install_shift SET officer_id = install_id",
]


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """Return an application on a database that is still in the form of the first release, filled."""
    url = f"sqlite:///{tmp_path / 'old.sqlite3'}"
    server: Engine | None = None
    if request.param == "postgresql":
        address = make_url(request.getfixturevalue("postgresql_url"))
        server = create_engine(address, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with server.connect() as connection:
            connection.execute(text("CREATE DATABASE upgraded"))
        url = address.set(database="upgraded").render_as_string(hide_password=False)
    app = create_app(
        Settings(
            database_url=url,
            blob_dir=tmp_path / "blobs",
            spool_dir=tmp_path / "spool",
            custody_key_file=tmp_path / "custody.key",
            checkpoint_dir=tmp_path / "checkpoints",
            queue_file=tmp_path / "queue",
            secret_key="upgrade",
        )
    )
    with app.app_context():
        migrate(db.engine, "0001")
        with db.engine.begin() as connection:
            Season(connection).write()
        yield app
        db.engine.dispose()
    if server is not None:
        with server.connect() as connection:
            connection.execute(text("DROP DATABASE upgraded"))


class Season:
    """Writes plain rows as the driver takes them: SQLite has neither UUIDs nor zones."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sqlite = connection.dialect.name == "sqlite"
        self._tables = MetaData()
        self._tables.reflect(connection)

    def add(self, table: str, **values: Any) -> None:  # noqa: ANN401 (whatever the column takes)
        row = {name: self._plain(value) for name, value in values.items()}
        self._connection.execute(self._tables.tables[table].insert(), [row])

    def _plain(self, value: object) -> object:
        if self._sqlite and isinstance(value, UUID):
            return value.hex
        if self._sqlite and isinstance(value, datetime):
            return value.replace(tzinfo=None)
        return value

    def write(self) -> None:
        self.add("deployment", id=1, epoch="0123456789abcdef", created_at=MOMENT)
        self.add("agency", id=CITY, parent_id=None, code="990101", name="澄浦市", kind="city", path="/990101/")
        self.add("squad", id=SQUAD, agency_id=CITY, name="城中中队")
        officer = {"must_change_password": False, "demo_password": False, "active": True, "session_generation": 0}
        self.add(
            "officer",
            id=OFFICER,
            agency_id=CITY,
            squad_id=SQUAD,
            login="c001",
            name="采集",
            password_hash="x",
            **officer,
        )
        for number, (install, count) in enumerate(((FIRST, len(DSEQS)), (SECOND, 2))):
            self.add(
                "install",
                id=install,
                agency_id=CITY,
                officer_id=OFFICER,
                label="巡查 07",
                app="2.4.1",
                credential_sha256=bytes([number]) * 32,
                enrolled_at=MOMENT,
                item_count=count,
            )
            self.add("install_report", install_id=install, seen_at=MOMENT, unsent_items=3)
        for n, dseq in enumerate(DSEQS, start=1):
            self._item(FIRST, n, dseq, "waiting" if n == 4 else "applied")
        self._item(SECOND, 1, 1, "quarantined")
        self._item(SECOND, 2, 2, "interpreting")
        self.add("item_need", item_id=item_id(FIRST, 4), fingerprint=fingerprint(FIRST, 4), key=f"task:{UUID(int=99)}")
        for number, state in enumerate(("reported", "filed", "dispatched", "disposed", "closed"), start=1):
            self._case(number, state)
        for position in range(EVIDENCE):
            self._evidence(position)
        self.add("number_series", name="case:990101:20261122", last=4)

    def _item(self, install: UUID, n: int, dseq: int | None, state: str) -> None:
        self.add(
            "inbox_item",
            item_id=item_id(install, n),
            fingerprint=fingerprint(install, n),
            is_primary=True,
            install_id=install,
            officer_id=OFFICER,
            agency_id=CITY,
            n=n,
            dseq=dseq,
            kind="report",
            kv=1,
            body=b"{\x00\xff}",
            head="{}",
            received_at=MOMENT,
            anchor="{}",
            state=state,
            attempts=1,
            attempted_at=MOMENT,
            outcome="{}",
            interpreted_at=None if state == "interpreting" else MOMENT,
        )

    def _case(self, number: int, state: str) -> None:
        filed, sent = state != "reported", state not in {"reported", "filed"}
        self.add(
            "case",
            id=UUID(int=1000 + number),
            agency_id=CITY,
            case_no=f"9901012026112200{number:03d}" if filed else None,
            state=state,
            origin_item_id=item_id(FIRST, number),
            source="handset",
            reporter_id=OFFICER,
            install_id=FIRST,
            squad_id=SQUAD if sent else None,
            scheme="gbt30428_2_2013",
            category_code="0110",
            description="垃圾堆放在路边",
            lon=123.5,
            lat=30.5,
            crs="wgs84",
            reported_at=MOMENT,
            filed_at=MOMENT if filed else None,
            dispatched_at=MOMENT if sent else None,
            closed_at=MOMENT if state == "closed" else None,
            version="0123456789abcdef",
        )

    def _evidence(self, position: int) -> None:
        self.add(
            "evidence",
            id=UUID(int=2000 + position),
            agency_id=CITY,
            owner_kind="case",
            owner_id=UUID(int=1001),
            item_id=item_id(FIRST, 1),
            position=position,
            sha256=f"{position:064x}",
            stage="report",
            role="near",
            scheme="gbt30428_2_2013",
            category_code="0110",
            officer_id=OFFICER,
            install_id=FIRST,
            capacity="collector",
            expected_at=MOMENT,
            present_at=None if position else MOMENT,
            review_state="unreviewed",
            version="0123456789abcdef",
        )


def item_id(install: UUID, n: int) -> UUID:
    return UUID(int=install.int * 10_000 + n)


def fingerprint(install: UUID, n: int) -> str:
    return hashlib.sha256(f"{install} {n}".encode()).hexdigest()


def upgraded() -> Session:
    """Upgrade and return a session on the result."""
    migrate(db.engine)
    assert revision_of(db.engine) == newest_revision()
    return Session(db.engine)


def test_no_row_is_lost_by_the_upgrade(old: Flask) -> None:
    with upgraded() as session:
        counted = {
            model.__tablename__: session.scalar(select(func.count()).select_from(model))
            for model in (InboxItem, Case, Evidence, Install)
        }
        assert counted == {"inbox_item": len(DSEQS) + 2, "case": CASES, "evidence": EVIDENCE, "install": 2}
        assert {item.body for item in session.scalars(select(InboxItem))} == {b"{\x00\xff}"}
        states = session.scalars(select(InboxItem.state).where(InboxItem.install_id == FIRST).order_by(InboxItem.n))
        assert list(states) == ["applied"] * 3 + ["waiting"] + ["applied"] * 5
        assert session.scalars(select(Case.case_no).where(Case.state == "closed")).one() == "9901012026112200005"
        present = session.scalars(select(Evidence.present_at).order_by(Evidence.position)).all()
        assert present == [MOMENT, None, None]


def test_sums_and_gaps_are_counted_from_what_is_stored(old: Flask) -> None:
    with upgraded() as session:
        first, second = session.scalars(select(Install).order_by(Install.id)).all()
        total = sum(int(fingerprint(FIRST, n)[:32], 16) for n in range(1, len(DSEQS) + 1)) % 2**128
        assert (first.item_sum, first.item_count) == (f"{total:032x}", len(DSEQS))
        assert (first.dseq_through, first.dseq_beyond) == (3, "[[5, 7], [9, 10]]")
        assert (second.dseq_through, second.dseq_beyond) == (2, "[]")
        assert (first.backed_up_through, second.backed_up_through) == (0, 0)
        shifts = session.execute(select(InstallShift.install_id, InstallShift.officer_id, InstallShift.to_at)).all()
        assert sorted(map(tuple, shifts)) == [(FIRST, OFFICER, None), (SECOND, OFFICER, None)]


def test_the_epoch_outlives_the_upgrade(old: Flask) -> None:
    assert old.test_cli_runner().invoke(args=["prepare"]).exit_code == 0
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT epoch FROM deployment")).scalar_one() == "0123456789abcdef"
        assert connection.execute(text("SELECT count(*) FROM alarm")).scalar_one() == 0


def test_an_id_may_now_be_used_by_two_installs(old: Flask) -> None:
    with upgraded() as session:
        session.execute(
            text(
                "UPDATE inbox_item SET item_id = (SELECT min_id FROM (SELECT item_id AS min_id FROM"
                " inbox_item WHERE n = 1 AND state = 'applied') AS chosen) WHERE state = 'quarantined'"
            )
        )
        shared = select(InboxItem.item_id).group_by(InboxItem.item_id).having(func.count() == 2)
        assert len(session.scalars(shared).all()) == 1


def test_the_rules_of_the_tables_outlive_the_upgrade(old: Flask) -> None:
    accepted = []
    with upgraded() as session:
        for violation in VIOLATIONS:
            attempt = session.begin_nested()
            try:
                session.execute(text(violation))
            except IntegrityError:
                attempt.rollback()
            else:
                accepted.append(violation)
    assert accepted == []
