"""Case standards: the versions of category schemes, when cases are filed and closed, and how long a stage may take.

Revision 0005, after 0004. Versions that are loaded already get their row; what they say about cases comes with the
next load, as they never had any.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scheme_version",
        *version_key(),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=True),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loaded_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("scheme", "version", name=op.f("pk_scheme_version")),
    )
    op.execute(
        "INSERT INTO scheme_version (scheme, version, status, source, confidence, loaded_at)"
        " SELECT DISTINCT scheme, version, 'in use', '', '', CURRENT_TIMESTAMP FROM category"
    )
    op.create_table(
        "case_standard",
        *version_key(),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("condition_no", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in TEXTS),
        sa.Column("season_from", sa.String(length=5), nullable=True),
        sa.Column("season_to", sa.String(length=5), nullable=True),
        sa.CheckConstraint("condition_no >= 0", name=op.f("ck_case_standard_condition_no")),
        sa.CheckConstraint(
            "(condition_no = 0) = (filing_condition = '')", name=op.f("ck_case_standard_filing_condition")
        ),
        sa.CheckConstraint("(season_from IS NULL) = (season_to IS NULL)", name=op.f("ck_case_standard_season")),
        sa.PrimaryKeyConstraint("scheme", "version", "code", "condition_no", name=op.f("pk_case_standard")),
    )
    op.create_table(
        "stage_limit",
        *version_key(),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("condition_no", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("clock", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.Numeric(precision=8, scale=3), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('acceptance', 'verification', 'dispatch', 'disposal', 'check')",
            name=op.f("ck_stage_limit_stage"),
        ),
        sa.CheckConstraint(
            "clock IN ('emergency_hour', 'work_hour', 'work_day', 'natural_day')", name=op.f("ck_stage_limit_clock")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_stage_limit_amount")),
        sa.CheckConstraint("code <> '' OR condition_no = 0", name=op.f("ck_stage_limit_all_classes")),
        sa.PrimaryKeyConstraint("scheme", "version", "code", "condition_no", "stage", name=op.f("pk_stage_limit")),
    )


TEXTS = (
    "filing_condition",
    "closing_condition",
    "disposing_unit",
    "supervising_unit",
    "legal_basis",
    "clause",
    "note",
)


def version_key() -> tuple[sa.Column, sa.Column]:
    return (
        sa.Column("scheme", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("Nothing is taken back: restore the backup that was made before the upgrade.")
