"""Links between cases (duplicates, recurrence), policies for them, and the text that cases are found by.

Revision 0011, after 0010. Trigrams are indexed by pg_trgm on PostgreSQL (a trusted extension: the owner of the
database may create it) and by an FTS5 table of its own on SQLite, which triggers keep.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_SQLITE = (
    "CREATE VIRTUAL TABLE case_text_fts USING fts5(body, content='case_text', content_rowid='id', tokenize='trigram')",
    (
        "CREATE TRIGGER case_text_added AFTER INSERT ON case_text BEGIN"
        " INSERT INTO case_text_fts (rowid, body) VALUES (new.id, new.body); END"
    ),
    (
        "CREATE TRIGGER case_text_removed AFTER DELETE ON case_text BEGIN"
        " INSERT INTO case_text_fts (case_text_fts, rowid, body) VALUES ('delete', old.id, old.body); END"
    ),
    (
        "CREATE TRIGGER case_text_changed AFTER UPDATE ON case_text BEGIN"
        " INSERT INTO case_text_fts (case_text_fts, rowid, body) VALUES ('delete', old.id, old.body);"
        " INSERT INTO case_text_fts (rowid, body) VALUES (new.id, new.body); END"
    ),
)


def upgrade() -> None:
    links()
    policies()
    texts()


def links() -> None:
    op.create_table(
        "case_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("distance_m", sa.Float(), nullable=True),
        sa.Column("apart_s", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('duplicate', 'recurrence')", name=op.f("ck_case_link_kind")),
        sa.CheckConstraint(
            "state IN ('proposed', 'attached', 'undone', 'dismissed', 'outdated')", name=op.f("ck_case_link_state")
        ),
        sa.CheckConstraint("origin IN ('policy', 'desk')", name=op.f("ck_case_link_origin")),
        sa.CheckConstraint("case_id <> other_id", name=op.f("ck_case_link_two_cases")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_link_case_id")),
        sa.ForeignKeyConstraint(["other_id"], ["case.id"], name=op.f("fk_case_link_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_link")),
        sa.UniqueConstraint("kind", "case_id", "other_id", name=op.f("uq_case_link_kind_case_id_other_id")),
    )
    op.create_index("ix_case_link_other", "case_link", ["other_id", "kind", "state"])
    attached = sa.text("kind = 'duplicate' AND state = 'attached'")
    op.create_index(
        "uq_case_link_in_force",
        "case_link",
        ["case_id"],
        unique=True,
        postgresql_where=attached,
        sqlite_where=attached,
    )
    in_force = sa.text("state IN ('proposed', 'attached')")
    op.create_index(
        "ix_case_link_proposed", "case_link", ["state", "id"], postgresql_where=in_force, sqlite_where=in_force
    )


def policies() -> None:
    op.create_table(
        "duplicate_policy",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("scheme", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("action", sa.String(length=8), nullable=False),
        sa.Column("radius_m", sa.Integer(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("recurrence_days", sa.Integer(), nullable=False),
        sa.Column("recurrence_radius_m", sa.Integer(), nullable=False),
        sa.CheckConstraint("action IN ('attach', 'propose', 'off')", name=op.f("ck_duplicate_policy_action")),
        sa.CheckConstraint(
            "radius_m BETWEEN 1 AND 1000 AND recurrence_radius_m BETWEEN 1 AND 1000",
            name=op.f("ck_duplicate_policy_radius"),
        ),
        sa.CheckConstraint(
            "hours BETWEEN 1 AND 720 AND recurrence_days BETWEEN 1 AND 366", name=op.f("ck_duplicate_policy_time")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_duplicate_policy_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "scheme", "code", name=op.f("pk_duplicate_policy")),
    )


def texts() -> None:
    op.create_table(
        "case_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_text_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_text")),
        sa.UniqueConstraint("case_id", name=op.f("uq_case_text_case_id")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for statement in _SQLITE:
            op.execute(statement)
    else:
        trigrams()


def trigrams() -> None:
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT FROM pg_available_extensions WHERE name = 'pg_trgm'")).first() is None:
        # A PostgreSQL without its contrib modules: the search reads the texts one by one.
        return
    # In public, not in the schema at hand: a restore runs this in a passing one, which then goes.
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public")
    of_extension = "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'pg_trgm'"
    quoted = connection.execute(sa.text(of_extension)).scalar_one()
    op.execute(f"CREATE INDEX ix_case_text_trigrams ON case_text USING gin (body {quoted}.gin_trgm_ops)")


def downgrade() -> None:
    raise NotImplementedError("Nothing is taken back: restore the backup that was made before the upgrade.")
