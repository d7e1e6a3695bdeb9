"""The inbox of the desks: notices, who has read them, and up to where everything is read.

Revision 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    notices()
    marks()


def notices() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=True),
        sa.Column("squad_id", sa.Uuid(), nullable=True),
        sa.Column("permission", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "officer_id IS NOT NULL OR squad_id IS NOT NULL OR permission IS NOT NULL",
            name=op.f("ck_notice_addressed"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_notice_agency_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_notice_officer_id")),
        sa.ForeignKeyConstraint(["squad_id"], ["squad.id"], name=op.f("fk_notice_squad_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_notice_case_id")),
        sa.ForeignKeyConstraint(["by_id"], ["officer.id"], name=op.f("fk_notice_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    for address in ("officer", "squad"):
        op.create_index(f"ix_notice_{address}", "notice", [f"{address}_id", "id"])
    op.create_index("ix_notice_permission", "notice", ["permission", "id"])
    op.create_index("ix_notice_at", "notice", ["at"])


def marks() -> None:
    op.create_table(
        "notice_read",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_notice_read_notice_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_notice_read_officer_id")),
        sa.PrimaryKeyConstraint("notice_id", "officer_id", name=op.f("pk_notice_read")),
    )
    op.create_table(
        "inbox_floor",
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_inbox_floor_officer_id")),
        sa.PrimaryKeyConstraint("officer_id", name=op.f("pk_inbox_floor")),
    )


def downgrade() -> None:
    raise NotImplementedError("Nothing is taken back: restore the backup that was made before the upgrade.")
