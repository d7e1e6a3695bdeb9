"""Field Sync 1 in full: ids are names within one install, receipts, gaps, shifts, quarantine, salvage, reference data.

Revision 0002, after 0001. Tables whose constraints change are rebuilt on SQLite, altered on PostgreSQL.
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATES = "'reported', 'filed', 'dispatched', 'in_disposal', 'disposed', 'checking', 'closed', 'self_handled'"
CASE_CHECKS = {
    "state": f"state IN ({STATES})",
    "filed": "state IN ('reported', 'self_handled') OR (case_no IS NOT NULL AND filed_at IS NOT NULL)",
    "dispatched": "state IN ('reported', 'filed', 'self_handled')"
    " OR (squad_id IS NOT NULL AND dispatched_at IS NOT NULL)",
    "closed": "(state IN ('closed', 'self_handled')) = (closed_at IS NOT NULL)",
}


def upgrade() -> None:
    inbox()
    identity()
    casework()
    ledger()
    quarantine()
    reference()


def inbox() -> None:
    op.drop_index("uq_inbox_item_primary", table_name="inbox_item")
    op.drop_index("ix_inbox_item_left", table_name="inbox_item")
    op.drop_index("ix_inbox_item_open", table_name="inbox_item")
    with op.batch_alter_table("inbox_item") as table:
        table.drop_constraint("pk_inbox_item", type_="primary")
        table.create_primary_key("pk_inbox_item", ["install_id", "item_id", "fingerprint"])
        table.add_column(sa.Column("version", sa.String(16), nullable=True))
        table.add_column(sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True))
    primary = sa.text("is_primary")
    op.create_index(
        "uq_inbox_item_primary",
        "inbox_item",
        ["install_id", "item_id"],
        unique=True,
        postgresql_where=primary,
        sqlite_where=primary,
    )
    left = sa.text("state = 'interpreting'")
    op.create_index("ix_inbox_item_left", "inbox_item", ["install_id"], postgresql_where=left, sqlite_where=left)
    still_open = sa.text("state IN ('waiting', 'quarantined', 'conflict')")
    op.create_index(
        "ix_inbox_item_open",
        "inbox_item",
        ["state", "received_at"],
        postgresql_where=still_open,
        sqlite_where=still_open,
    )


def identity() -> None:
    with op.batch_alter_table("install") as table:
        for name, kind, default in (
            ("grace_until", sa.DateTime(timezone=True), None),
            ("next_credential_sha256", sa.LargeBinary(32), None),
            ("session_until", sa.DateTime(timezone=True), None),
            ("item_sum", sa.String(32), "0" * 32),
            ("dseq_through", sa.BigInteger(), "0"),
            ("dseq_beyond", sa.Text(), "[]"),
            ("backed_up_through", sa.BigInteger(), "0"),
        ):
            table.add_column(sa.Column(name, kind, nullable=default is None, server_default=default))
        table.create_unique_constraint("uq_install_next_credential_sha256", ["next_credential_sha256"])
        table.create_check_constraint(op.f("ck_install_backed_up"), "backed_up_through <= item_count")
    # Officers who are in the street during the upgrade go on working; they renew their session within a month.
    install = sa.table("install", sa.column("session_until", sa.DateTime(timezone=True)))
    op.execute(sa.update(install).values(session_until=datetime.now(UTC) + timedelta(days=30)))
    count_what_is_stored()
    with op.batch_alter_table("install") as table:
        for name in ("item_sum", "dseq_through", "dseq_beyond", "backed_up_through"):
            table.alter_column(name, server_default=None)
    op.create_table(
        "install_shift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["install_id"], ["install.id"], name=op.f("fk_install_shift_install_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_install_shift_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_install_shift")),
    )
    op.create_index("ix_install_shift_install", "install_shift", ["install_id", "from_at"])
    # Until now an install had one officer; the shift's id is the install's own, which is as unique.
    op.execute(
        "INSERT INTO install_shift (id, install_id, officer_id, from_at, to_at)"
        " SELECT id, id, officer_id, enrolled_at, NULL FROM install"
    )
    with op.batch_alter_table("install_report") as table:
        table.add_column(sa.Column("dseq_next", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("acked_count", sa.BigInteger(), nullable=True))


def count_what_is_stored() -> None:
    """Give installs their sums and gaps: from this release on every push keeps them up to date."""
    bind = op.get_bind()
    install = sa.table(
        "install",
        sa.column("id", sa.Uuid()),
        sa.column("item_sum", sa.String()),
        sa.column("dseq_through", sa.BigInteger()),
        sa.column("dseq_beyond", sa.Text()),
    )
    item = sa.table(
        "inbox_item",
        sa.column("install_id", sa.Uuid()),
        sa.column("fingerprint", sa.String()),
        sa.column("dseq", sa.BigInteger()),
    )
    for install_id in bind.execute(sa.select(install.c.id)).scalars().all():
        rows = bind.execute(sa.select(item.c.fingerprint, item.c.dseq).where(item.c.install_id == install_id)).all()
        total = sum(int(row.fingerprint[:32], 16) for row in rows) % 2**128
        through, beyond = runs(sorted({row.dseq for row in rows if row.dseq}))
        bind.execute(
            sa.update(install)
            .where(install.c.id == install_id)
            .values(item_sum=f"{total:032x}", dseq_through=through, dseq_beyond=str(beyond))
        )


def runs(numbers: list[int]) -> tuple[int, list[list[int]]]:
    """Return up to where ``numbers`` are complete from 1 on, and [first, last] of every run beyond."""
    found: list[list[int]] = [[0, 0]]
    for number in numbers:
        if number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found[0][1], found[1:]


def casework() -> None:
    with op.batch_alter_table("case") as table:
        table.drop_constraint("uq_case_origin_item_id", type_="unique")
        table.create_unique_constraint("uq_case_install_id_origin_item_id", ["install_id", "origin_item_id"])
        table.add_column(sa.Column("captured_certainty", sa.String(12), nullable=True))
        table.add_column(sa.Column("captured_uncertainty_ms", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("shelved_at", sa.DateTime(timezone=True), nullable=True))
        for name, text in CASE_CHECKS.items():
            table.drop_constraint(op.f(f"ck_case_{name}"), type_="check")
            table.create_check_constraint(op.f(f"ck_case_{name}"), text)
    op.create_index("ix_case_reporter", "case", ["reporter_id", "shelved_at", "id"])
    to_shelve = sa.text("closed_at IS NOT NULL AND shelved_at IS NULL")
    op.create_index("ix_case_to_shelve", "case", ["closed_at"], postgresql_where=to_shelve, sqlite_where=to_shelve)
    op.create_index("ix_field_task_squad", "field_task", ["squad_id", "status"])
    op.create_index("ix_field_task_officer", "field_task", ["officer_id", "status"])
    with op.batch_alter_table("task_event") as table:
        table.drop_constraint("uq_task_event_item_id", type_="unique")
        table.create_unique_constraint("uq_task_event_install_id_item_id", ["install_id", "item_id"])
    op.drop_index("ix_evidence_missing", table_name="evidence")
    with op.batch_alter_table("evidence") as table:
        table.drop_constraint("uq_evidence_item_id_position", type_="unique")
        table.create_unique_constraint("uq_evidence_install_id_item_id_position", ["install_id", "item_id", "position"])
    missing = sa.text("present_at IS NULL")
    op.create_index(
        "ix_evidence_missing",
        "evidence",
        ["install_id", "expected_at"],
        postgresql_where=missing,
        sqlite_where=missing,
    )
    op.create_table(
        "amendment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("target_item_id", sa.Uuid(), nullable=False),
        sa.Column("target_fingerprint", sa.String(64), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("divergent", sa.Boolean(), nullable=False),
        sa.Column("effective", sa.Boolean(), nullable=False),
        sa.Column("captured_at_corrected", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_amendment_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amendment")),
        sa.UniqueConstraint("install_id", "item_id", name=op.f("uq_amendment_install_id_item_id")),
    )
    op.create_index("ix_amendment_target", "amendment", ["install_id", "target_item_id"])
    op.create_index("ix_amendment_case", "amendment", ["case_id"])
    op.create_table(
        "field_shift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.String(4), nullable=False),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("crs", sa.String(16), nullable=True),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("captured_at_corrected", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("action IN ('in', 'out')", name=op.f("ck_field_shift_action")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_shift")),
        sa.UniqueConstraint("install_id", "item_id", name=op.f("uq_field_shift_install_id_item_id")),
    )
    op.create_index("ix_field_shift_officer", "field_shift", ["officer_id", "captured_at_corrected"])
    op.create_table(
        "track",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("crs", sa.String(16), nullable=False),
        sa.Column("points", sa.Text(), nullable=False),
        sa.Column("point_count", sa.Integer(), nullable=False),
        sa.Column("captured_at_corrected", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_track")),
        sa.UniqueConstraint("install_id", "item_id", name=op.f("uq_track_install_id_item_id")),
    )
    op.create_index("ix_track_officer", "track", ["officer_id", "captured_at_corrected"])


def ledger() -> None:
    # What waits now is found again: the sweep interprets waiting items and writes their needs anew.
    op.drop_table("item_need")
    op.create_table(
        "item_need",
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("key", sa.String(96), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("install_id", "item_id", "fingerprint", "key", name=op.f("pk_item_need")),
    )
    op.create_index("ix_item_need_key", "item_need", ["key"])
    ready = sa.text("ready_at IS NOT NULL")
    op.create_index("ix_item_need_ready", "item_need", ["ready_at"], postgresql_where=ready, sqlite_where=ready)
    op.create_table(
        "alarm",
        sa.Column("name", sa.String(48), nullable=False),
        sa.Column("subject", sa.String(160), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", "subject", name=op.f("pk_alarm")),
    )
    with op.batch_alter_table("deployment") as table:
        table.add_column(sa.Column("generation", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("identity", sa.String(64), nullable=False, server_default=""))
    with op.batch_alter_table("deployment") as table:
        table.alter_column("generation", server_default=None)
        table.alter_column("identity", server_default=None)


def quarantine() -> None:
    op.create_table(
        "item_revision",
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("install_id", "item_id", "fingerprint", "revision", name=op.f("pk_item_revision")),
    )
    actions = "'repaired', 'replayed', 'discard_proposed', 'discard_withdrawn', 'discarded'"
    op.create_table(
        "item_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("action", sa.String(24), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("single_person", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"action IN ({actions})", name=op.f("ck_item_decision_action")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_decision")),
    )
    op.create_index("ix_item_decision_item", "item_decision", ["install_id", "item_id", "fingerprint", "id"])
    op.create_table(
        "salvage",
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("media_type", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("settled_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("install_id", "id", "sha256", name=op.f("pk_salvage")),
    )
    op.create_index("ix_salvage_agency", "salvage", ["agency_id", "received_at"])


def reference() -> None:
    op.create_table(
        "reference_document",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_reference_document")),
    )
    op.create_table(
        "reference_version",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_reference_version")),
    )
    op.create_table(
        "reference_entry",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", "key", name=op.f("pk_reference_entry")),
    )
    op.create_index("ix_reference_entry_seq", "reference_entry", ["name", "seq"])


def downgrade() -> None:
    raise NotImplementedError("Field Sync 1 is not taken back: restore the backup that was made before the upgrade.")
