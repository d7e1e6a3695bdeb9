"""Photo store and evidence: spooled originals, the pool and its collection, look-alikes, review aids, custody log.

Revision 0003, after 0002. Tables whose constraints change are rebuilt on SQLite, altered on PostgreSQL.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    custody()
    photographs()
    uploads()
    likeness()
    evidence()
    retention()
    standards()


def custody() -> None:
    op.create_table(
        "custody_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=160), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_log")),
        sa.UniqueConstraint("origin", name=op.f("uq_custody_log_origin")),
    )
    op.create_table(
        "custody_checkpoint",
        sa.Column("log_id", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_token", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["log_id"], ["custody_log.id"], name=op.f("fk_custody_checkpoint_log_id")),
        sa.PrimaryKeyConstraint("log_id", "size", name=op.f("pk_custody_checkpoint")),
    )
    op.create_table(
        "custody_node",
        sa.Column("log_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["custody_log.id"], name=op.f("fk_custody_node_log_id")),
        sa.PrimaryKeyConstraint("log_id", "level", "position", name=op.f("pk_custody_node")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "node",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("spool_id", sa.String(length=32), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_node")),
    )
    with op.batch_alter_table("custody_event") as table:
        table.add_column(sa.Column("log_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("position", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("disposed_at", sa.DateTime(timezone=True), nullable=True))
        table.create_foreign_key(op.f("fk_custody_event_log_id"), "custody_log", ["log_id"], ["id"])
        table.create_unique_constraint(op.f("uq_custody_event_log_id_position"), ["log_id", "position"])
        table.create_check_constraint(op.f("ck_custody_event_numbered"), "(log_id IS NULL) = (position IS NULL)")
    op.create_index(
        "ix_custody_event_unnumbered",
        "custody_event",
        ["id"],
        postgresql_where=sa.text("position IS NULL"),
        sqlite_where=sa.text("position IS NULL"),
    )


def photographs() -> None:
    moment = sa.DateTime(timezone=True)
    with op.batch_alter_table("photo") as table:
        table.add_column(sa.Column("durability", sa.String(8), nullable=False, server_default="stored"))
        table.add_column(sa.Column("node", sa.String(64), nullable=True))
        for name in ("attached_at", "asked_at", "condemned_at", "deleting_at", "disposed_at", "checked_at"):
            table.add_column(sa.Column(name, moment, nullable=True))
        table.add_column(sa.Column("damaged_at", moment, nullable=True))
        table.add_column(sa.Column("damage", sa.String(64), nullable=True))
        for name, condition in (
            ("durability", "durability IN ('stored', 'spooled')"),
            ("spooled_on_a_node", "(durability = 'spooled') = (node IS NOT NULL)"),
            ("condemned_before_deleted", "deleting_at IS NULL OR condemned_at IS NOT NULL"),
            ("damage", "(damaged_at IS NULL) = (damage IS NULL)"),
        ):
            table.create_check_constraint(op.f(f"ck_photo_{name}"), condition)
    with op.batch_alter_table("photo") as table:
        table.alter_column("durability", server_default=None)
    # Whatever an item declared is no stray, whenever its bytes came.
    op.execute(
        "UPDATE photo SET attached_at = received_at"
        " WHERE EXISTS (SELECT 1 FROM evidence WHERE evidence.sha256 = photo.sha256)"
    )
    op.create_index("ix_photo_checked_at", "photo", ["checked_at"])
    op.create_index(
        "ix_photo_damaged",
        "photo",
        ["damaged_at"],
        postgresql_where=sa.text("damaged_at IS NOT NULL"),
        sqlite_where=sa.text("damaged_at IS NOT NULL"),
    )
    op.create_index(
        "ix_photo_spooled",
        "photo",
        ["node", "received_at"],
        postgresql_where=sa.text("durability = 'spooled'"),
        sqlite_where=sa.text("durability = 'spooled'"),
    )
    op.create_index(
        "ix_photo_unattached",
        "photo",
        ["received_at"],
        postgresql_where=sa.text("attached_at IS NULL"),
        sqlite_where=sa.text("attached_at IS NULL"),
    )


def uploads() -> None:
    with op.batch_alter_table("upload") as table:
        table.add_column(sa.Column("declared_sha256", sa.String(64), nullable=True))
        table.add_column(sa.Column("node", sa.String(64), nullable=True))
    op.create_index(
        "ix_upload_declared",
        "upload",
        ["declared_sha256", "install_id"],
        postgresql_where=sa.text("declared_sha256 IS NOT NULL"),
        sqlite_where=sa.text("declared_sha256 IS NOT NULL"),
    )


def likeness() -> None:
    op.create_table(
        "likeness",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bits", sa.LargeBinary(length=32), nullable=False),
        sa.Column("flat", sa.Boolean(), nullable=False),
        sa.Column("embedded", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_likeness")),
        sa.UniqueConstraint("sha256", name=op.f("uq_likeness_sha256")),
    )
    op.create_table(
        "likeness_slot",
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("likeness_id", sa.Integer(), nullable=False),
        sa.Column("bits", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("slot", "likeness_id", name=op.f("pk_likeness_slot")),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        # On SQLite the table is its primary key; here the key must carry the bits to answer a search by itself.
        op.execute(
            "ALTER TABLE likeness_slot DROP CONSTRAINT pk_likeness_slot,"
            " ADD CONSTRAINT pk_likeness_slot PRIMARY KEY (slot, likeness_id) INCLUDE (bits)"
        )


def evidence() -> None:
    with op.batch_alter_table("evidence") as table:
        table.add_column(sa.Column("certainty", sa.String(12), nullable=True))
        for name in ("lon", "lat", "accuracy_m"):
            table.add_column(sa.Column(name, sa.Double(), nullable=True))
        table.add_column(sa.Column("before_id", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("paired_by", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("disposed_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("flagged_version", sa.String(16), nullable=True))
        table.create_foreign_key(op.f("fk_evidence_before_id"), "evidence", ["before_id"], ["id"])
    op.create_index(
        "ix_evidence_unflagged",
        "evidence",
        ["id"],
        postgresql_where=sa.text("present_at IS NOT NULL AND flagged_version IS DISTINCT FROM version"),
        sqlite_where=sa.text("present_at IS NOT NULL AND flagged_version IS NOT version"),
    )
    op.create_index(
        "ix_evidence_place",
        "evidence",
        ["lat", "lon"],
        postgresql_where=sa.text("lat IS NOT NULL AND flagged_version IS NOT NULL"),
        sqlite_where=sa.text("lat IS NOT NULL AND flagged_version IS NOT NULL"),
    )
    op.create_index(
        "ix_evidence_install",
        "evidence",
        ["install_id", "id"],
        postgresql_where=sa.text("flagged_version IS NOT NULL"),
        sqlite_where=sa.text("flagged_version IS NOT NULL"),
    )
    op.create_table(
        "evidence_flag",
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_evidence_flag_evidence_id")),
        sa.PrimaryKeyConstraint("evidence_id", "kind", name=op.f("pk_evidence_flag")),
    )
    op.create_table(
        "redaction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("regions", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_recipe", sa.String(length=16), nullable=True),
        sa.Column("make_attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_redaction_evidence_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redaction")),
    )
    op.create_index("ix_redaction_evidence", "redaction", ["evidence_id", "id"])
    op.create_table(
        "photo_view",
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("rendition", sa.String(length=16), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("officer_id", "sha256", "rendition", name=op.f("pk_photo_view")),
    )


def retention() -> None:
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("owner_kind", sa.String(length=16), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Uuid(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("release_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL) AND (released_at IS NULL) = (release_reason IS NULL)",
            name=op.f("ck_legal_hold_released"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_legal_hold_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_index("ix_legal_hold_owner", "legal_hold", ["owner_kind", "owner_id"])
    op.create_table(
        "retention_rule",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("owner_kind", sa.String(length=16), nullable=False),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("years BETWEEN 1 AND 100", name=op.f("ck_retention_rule_years")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_retention_rule_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "owner_kind", name=op.f("pk_retention_rule")),
    )
    op.create_table(
        "disposal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("owner_kind", sa.String(length=16), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("single_person", sa.Boolean(), nullable=False),
        sa.Column("executed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.CheckConstraint("(state = 'executed') = (executed_at IS NOT NULL)", name=op.f("ck_disposal_executed")),
        sa.CheckConstraint(
            "state = 'proposed' OR (decided_by IS NOT NULL AND decided_at IS NOT NULL)",
            name=op.f("ck_disposal_decided"),
        ),
        sa.CheckConstraint("state IN ('proposed', 'approved', 'refused', 'executed')", name=op.f("ck_disposal_state")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_disposal_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal")),
    )
    op.create_index("ix_disposal_owner", "disposal", ["owner_kind", "owner_id"])
    op.create_index("ix_disposal_state", "disposal", ["state", "decided_at"])


def standards() -> None:
    op.create_table(
        "required_shot",
        sa.Column("scheme", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("count BETWEEN 1 AND 20", name=op.f("ck_required_shot_count")),
        sa.PrimaryKeyConstraint("scheme", "version", "code", "stage", "role", name=op.f("pk_required_shot")),
    )


def downgrade() -> None:
    raise NotImplementedError("Evidence is not taken back: restore the backup that was made before the upgrade.")
