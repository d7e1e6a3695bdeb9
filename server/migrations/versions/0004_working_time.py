"""Working time: an agency's own days, and the hours of a working day.

Revision 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_day",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("workday", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_calendar_day_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "day", name=op.f("pk_calendar_day")),
    )
    op.create_table(
        "work_schedule",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("periods", sa.Text(), nullable=False),
        sa.Column("work_day_policy", sa.String(length=16), nullable=False),
        sa.CheckConstraint("work_day_policy IN ('hours', 'end_of_day')", name=op.f("ck_work_schedule_work_day_policy")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_work_schedule_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "valid_from", name=op.f("pk_work_schedule")),
    )


def downgrade() -> None:
    raise NotImplementedError("Nothing is taken back: restore the backup that was made before the upgrade.")
