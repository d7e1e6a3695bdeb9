"""The responsibility matrix.

Revision 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "responsibility",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("scheme", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("area_code", sa.String(length=32), nullable=False),
        sa.Column("lead_squad_id", sa.Uuid(), nullable=False),
        sa.Column("assisting", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("decided_from_case_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_responsibility_validity")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_responsibility_agency_id")),
        sa.ForeignKeyConstraint(["lead_squad_id"], ["squad.id"], name=op.f("fk_responsibility_lead_squad_id")),
        sa.ForeignKeyConstraint(
            ["decided_from_case_id"], ["case.id"], name=op.f("fk_responsibility_decided_from_case_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_responsibility")),
        sa.UniqueConstraint(
            "agency_id",
            "scheme",
            "code",
            "area_code",
            "valid_from",
            name=op.f("uq_responsibility_agency_id_scheme_code_area_code_valid_from"),
        ),
    )
    op.create_index("ix_responsibility_scheme", "responsibility", ["scheme", "valid_to"])


def downgrade() -> None:
    raise NotImplementedError("Nothing is taken back: restore the backup that was made before the upgrade.")
