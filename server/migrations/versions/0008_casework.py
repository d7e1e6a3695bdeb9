"""The whole loop of a case: all its states, its clocks and their pauses, requests, and field tasks of every kind.

Revision 0008, after 0007. Cases from before get their place in CGCS2000; they have no clocks, for nobody promised one.
"""

import sqlalchemy as sa
from alembic import op

from server.geography.crs import canonical

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

UNFILED = "'reported', 'verifying', 'rejected', 'merged', 'self_handled'"
CASE_CHECKS = {
    "state": "state IN ('reported', 'verifying', 'filed', 'dispatched', 'returned', 'in_disposal', 'suspended',"
    " 'disposed', 'checking', 'rework', 'closed', 'forced_closed', 'rejected', 'merged', 'self_handled')",
    "filed": f"state IN ({UNFILED}) OR (case_no IS NOT NULL AND filed_at IS NOT NULL)",
    "dispatched": f"state IN ({UNFILED}, 'filed', 'forced_closed')"
    " OR (squad_id IS NOT NULL AND dispatched_at IS NOT NULL)",
    "closed": "(state IN ('closed', 'forced_closed', 'rejected', 'merged', 'self_handled')) = (closed_at IS NOT NULL)",
}
NEW_CHECKS = {
    "merged": "state <> 'merged' OR merged_into_id IS NOT NULL",
    "resumes": "state NOT IN ('suspended', 'merged') OR resumes_to IS NOT NULL",
}
KINDS = "'pre_filing_verification', 'disposal', 'disposal_check', 'revisit', 'patrol'"
AT_ONCE = 1000


def upgrade() -> None:
    cases()
    events()
    clocks()
    requests()
    tasks()


def cases() -> None:
    with op.batch_alter_table("case") as table:
        for name in ("lon_canonical", "lat_canonical"):
            table.add_column(sa.Column(name, sa.Float(), nullable=True))
        for name in ("area_code", "cell_code", "responsibility_code"):
            table.add_column(sa.Column(name, sa.String(32), nullable=True))
        table.add_column(sa.Column("address", sa.Text(), nullable=True))
        table.add_column(sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("condition_no", sa.Integer(), nullable=True))
        table.add_column(sa.Column("verification_result", sa.String(12), nullable=True))
        table.add_column(sa.Column("merged_into_id", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("resumes_to", sa.String(16), nullable=True))
        for name in ("return_count", "rework_count", "extension_count"):
            table.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    places()
    with op.batch_alter_table("case") as table:
        for name in ("lon_canonical", "lat_canonical"):
            table.alter_column(name, existing_type=sa.Float(), nullable=False)
        for name in ("origin_item_id", "install_id"):
            table.alter_column(name, existing_type=sa.Uuid(), nullable=True)
        for name in ("return_count", "rework_count", "extension_count"):
            table.alter_column(name, server_default=None)
        table.create_foreign_key(op.f("fk_case_merged_into_id"), "case", ["merged_into_id"], ["id"])
        for name, text in CASE_CHECKS.items():
            table.drop_constraint(op.f(f"ck_case_{name}"), type_="check")
            table.create_check_constraint(op.f(f"ck_case_{name}"), text)
        for name, text in NEW_CHECKS.items():
            table.create_check_constraint(op.f(f"ck_case_{name}"), text)
    # What a squad declined was filed again; from now on it is returned, so that another member may still finish it.
    op.execute(
        "UPDATE \"case\" SET state = 'returned', return_count = 1 WHERE state = 'filed' AND squad_id IS NOT NULL"
        " AND EXISTS (SELECT 1 FROM field_task WHERE field_task.case_id = \"case\".id AND field_task.kind = 'disposal')"
    )
    to_settle = sa.text("settled_at IS NULL")
    op.create_index("ix_case_to_settle", "case", ["id"], postgresql_where=to_settle, sqlite_where=to_settle)
    op.create_index("ix_case_merged_into", "case", ["merged_into_id"])
    op.create_index("ix_case_likeness", "case", ["scheme", "category_code", "lat_canonical"])


def places() -> None:
    """Give every case its place in CGCS2000; only map services' coordinates differ from what was received."""
    op.execute("UPDATE \"case\" SET lon_canonical = lon, lat_canonical = lat WHERE crs NOT IN ('gcj02', 'bd09')")
    case = sa.table(
        "case", *(sa.column(name) for name in ("id", "lon", "lat", "crs", "lon_canonical", "lat_canonical"))
    )
    bind = op.get_bind()
    left = sa.select(case.c.id, case.c.lon, case.c.lat, case.c.crs).where(case.c.lon_canonical.is_(None)).limit(AT_ONCE)
    place = (
        sa.update(case)
        .where(case.c.id == sa.bindparam("of"))
        .values(lon_canonical=sa.bindparam("to_lon"), lat_canonical=sa.bindparam("to_lat"))
    )
    while rows := bind.execute(left).all():
        found = [(row.id, canonical(row.lon, row.lat, row.crs)) for row in rows]
        bind.execute(place, [{"of": case_id, "to_lon": lon, "to_lat": lat} for case_id, (lon, lat) in found])


def events() -> None:
    with op.batch_alter_table("case_event") as table:
        table.add_column(sa.Column("facts", sa.Text(), nullable=True))


def clocks() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "case_clock",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("clock", sa.String(16), nullable=False),
        sa.Column("amount", sa.Numeric(8, 3), nullable=False),
        sa.Column("wording", sa.String(32), nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("stopped_at", moment, nullable=True),
        sa.Column("due_at", moment, nullable=True),
        sa.Column("late", sa.Boolean(), nullable=True),
        sa.Column("extensions", sa.Integer(), nullable=False),
        sa.Column("told_soon_at", moment, nullable=True),
        sa.Column("told_overdue_at", moment, nullable=True),
        sa.Column("exempted_at", moment, nullable=True),
        sa.CheckConstraint(
            "stage IN ('acceptance', 'verification', 'dispatch', 'disposal', 'check')", name=op.f("ck_case_clock_stage")
        ),
        sa.CheckConstraint(
            "clock IN ('emergency_hour', 'work_hour', 'work_day', 'natural_day')", name=op.f("ck_case_clock_clock")
        ),
        sa.CheckConstraint("amount > 0 AND extensions BETWEEN 0 AND 2", name=op.f("ck_case_clock_amount")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_clock_case_id")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_case_clock_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_clock")),
        sa.UniqueConstraint("case_id", "stage", "round", name=op.f("uq_case_clock_case_id_stage_round")),
    )
    running = sa.text("stopped_at IS NULL")
    op.create_index("ix_case_clock_due", "case_clock", ["due_at"], postgresql_where=running, sqlite_where=running)
    op.create_table(
        "clock_pause",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clock_id", sa.Uuid(), nullable=False),
        sa.Column("begun_at", moment, nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("why", sa.String(16), nullable=False),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= begun_at", name=op.f("ck_clock_pause_order")),
        sa.ForeignKeyConstraint(["clock_id"], ["case_clock.id"], name=op.f("fk_clock_pause_clock_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_pause")),
    )
    still_open = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_clock_pause_open",
        "clock_pause",
        ["clock_id", "why"],
        unique=True,
        postgresql_where=still_open,
        sqlite_where=still_open,
    )
    op.create_index("ix_clock_pause_clock", "clock_pause", ["clock_id"])


def requests() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "case_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("clock_id", sa.Uuid(), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", moment, nullable=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("first_by", sa.Uuid(), nullable=True),
        sa.Column("first_at", moment, nullable=True),
        sa.Column("first_verdict", sa.String(12), nullable=True),
        sa.Column("first_reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('extension', 'suspension', 'appeal', 'force_close')", name=op.f("ck_case_request_kind")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'approved', 'rejected', 'withdrawn')", name=op.f("ck_case_request_state")
        ),
        sa.CheckConstraint("first_verdict IN ('approved', 'rejected')", name=op.f("ck_case_request_first_verdict")),
        sa.CheckConstraint("state <> 'open' OR decided_at IS NULL", name=op.f("ck_case_request_decided")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_request_case_id")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_case_request_agency_id")),
        sa.ForeignKeyConstraint(["clock_id"], ["case_clock.id"], name=op.f("fk_case_request_clock_id")),
        *(
            sa.ForeignKeyConstraint([name], ["officer.id"], name=op.f(f"fk_case_request_{name}"))
            for name in ("asked_by", "first_by", "decided_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_request")),
    )
    still_open = sa.text("state = 'open'")
    op.create_index(
        "uq_case_request_open",
        "case_request",
        ["case_id", "kind"],
        unique=True,
        postgresql_where=still_open,
        sqlite_where=still_open,
    )
    op.create_index("ix_case_request_case", "case_request", ["case_id", "id"])
    op.create_index("ix_case_request_agency", "case_request", ["agency_id", "state", "id"])


def tasks() -> None:
    with op.batch_alter_table("field_task") as table:
        table.alter_column("case_id", existing_type=sa.Uuid(), nullable=True)
        table.add_column(sa.Column("instructions", sa.Text(), nullable=True))
        table.add_column(sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("accepted_by", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("grid_code", sa.String(32), nullable=True))
        table.create_foreign_key(op.f("fk_field_task_accepted_by"), "officer", ["accepted_by"], ["id"])
        table.drop_constraint(op.f("ck_field_task_kind"), type_="check")
        table.create_check_constraint(op.f("ck_field_task_kind"), f"kind IN ({KINDS})")
        table.create_check_constraint(op.f("ck_field_task_case"), "case_id IS NOT NULL OR kind = 'patrol'")
    with op.batch_alter_table("task_assignment") as table:
        table.add_column(sa.Column("reason", sa.Text(), nullable=True))
    with op.batch_alter_table("task_event") as table:
        table.alter_column("result", existing_type=sa.String(8), type_=sa.String(12), existing_nullable=True)


def downgrade() -> None:
    raise NotImplementedError("Nothing is taken back: restore the backup that was made before the upgrade.")
