"""Geography: versions of layers, their features, and who looks after which responsibility grid.

Revision 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_CURRENT = sa.text("status = 'current' AND kind <> 'other'")
_CURRENT_OTHER = sa.text("status = 'current'")


def upgrade() -> None:
    layers()
    features()
    officers()


def layers() -> None:
    op.create_table(
        "geo_layer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("source_crs", sa.String(length=16), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("imported_by", sa.Uuid(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("feature_count", sa.Integer(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("forgiven", sa.Text(), nullable=True),
        sa.Column("tallest", sa.Float(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('area', 'unit_grid', 'responsibility_grid', 'other')", name=op.f("ck_geo_layer_kind")
        ),
        sa.CheckConstraint("status IN ('draft', 'current', 'retired')", name=op.f("ck_geo_layer_status")),
        sa.CheckConstraint("(status = 'draft') = (valid_from IS NULL)", name=op.f("ck_geo_layer_valid_from")),
        sa.CheckConstraint("(status = 'retired') = (valid_to IS NOT NULL)", name=op.f("ck_geo_layer_valid_to")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_geo_layer_agency_id")),
        sa.ForeignKeyConstraint(["imported_by"], ["officer.id"], name=op.f("fk_geo_layer_imported_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_geo_layer")),
        sa.UniqueConstraint(
            "agency_id", "kind", "name", "version", name=op.f("uq_geo_layer_agency_id_kind_name_version")
        ),
    )
    op.create_index(
        "uq_geo_layer_current",
        "geo_layer",
        ["agency_id", "kind"],
        unique=True,
        sqlite_where=_CURRENT,
        postgresql_where=_CURRENT,
    )
    op.create_index(
        "uq_geo_layer_current_name",
        "geo_layer",
        ["agency_id", "kind", "name"],
        unique=True,
        sqlite_where=_CURRENT_OTHER,
        postgresql_where=_CURRENT_OTHER,
    )


def features() -> None:
    op.create_table(
        "geo_feature",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("layer_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("properties", sa.Text(), nullable=False),
        sa.Column("geometry", sa.Text(), nullable=False),
        sa.Column("min_lon", sa.Float(), nullable=False),
        sa.Column("min_lat", sa.Float(), nullable=False),
        sa.Column("max_lon", sa.Float(), nullable=False),
        sa.Column("max_lat", sa.Float(), nullable=False),
        sa.Column("area_m2", sa.Float(), nullable=False),
        sa.Column("inside_lon", sa.Float(), nullable=False),
        sa.Column("inside_lat", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["layer_id"], ["geo_layer.id"], name=op.f("fk_geo_feature_layer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_geo_feature")),
    )
    op.create_index("ix_geo_feature_layer_id", "geo_feature", ["layer_id", "id"])
    op.create_index("ix_geo_feature_code", "geo_feature", ["layer_id", "code"])
    frame = ["layer_id", "min_lat", "max_lat", "min_lon", "max_lon"]
    op.create_index("ix_geo_feature_frame", "geo_feature", frame)


def officers() -> None:
    op.create_table(
        "grid_officer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("grid_code", sa.String(length=64), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_grid_officer_agency_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_grid_officer_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_officer")),
    )
    op.create_index("ix_grid_officer_grid", "grid_officer", ["agency_id", "grid_code"])
    op.create_index("ix_grid_officer_officer_id", "grid_officer", ["officer_id"])


def downgrade() -> None:
    raise NotImplementedError("Nothing is taken back: restore the backup that was made before the upgrade.")
