"""Tables of geography. A layer's features never change once they are stored: another drawing is another version."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base, Id

_CURRENT = text("status = 'current' AND kind <> 'other'")
_CURRENT_OTHER = text("status = 'current'")


class GeoLayer(Base):
    """One version of an agency's layer. It holds for the agency and all below it that have none of that kind.

    ``findings`` is JSON (rules.Findings). ``tallest`` is the largest feature's height in degrees, which lets
    a search by frame use the index on the lower edge.
    """

    __tablename__ = "geo_layer"
    __table_args__ = (
        CheckConstraint("kind IN ('area', 'unit_grid', 'responsibility_grid', 'other')", name="kind"),
        CheckConstraint("status IN ('draft', 'current', 'retired')", name="status"),
        CheckConstraint("(status = 'draft') = (valid_from IS NULL)", name="valid_from"),
        CheckConstraint("(status = 'retired') = (valid_to IS NOT NULL)", name="valid_to"),
        UniqueConstraint("agency_id", "kind", "name", "version"),
        Index(
            "uq_geo_layer_current",
            "agency_id",
            "kind",
            unique=True,
            sqlite_where=_CURRENT,
            postgresql_where=_CURRENT,
        ),
        Index(
            "uq_geo_layer_current_name",
            "agency_id",
            "kind",
            "name",
            unique=True,
            sqlite_where=_CURRENT_OTHER,
            postgresql_where=_CURRENT_OTHER,
        ),
    )

    id: Mapped[Id]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    kind: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    status: Mapped[str] = mapped_column(String(8), default="draft")
    source_crs: Mapped[str] = mapped_column(String(16))
    valid_from: Mapped[datetime | None]
    valid_to: Mapped[datetime | None]
    imported_by: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    imported_at: Mapped[datetime]
    feature_count: Mapped[int]
    findings: Mapped[str]
    # Why it was activated although it has gaps.
    forgiven: Mapped[str | None]
    tallest: Mapped[float] = mapped_column(Float)


class GeoFeature(Base):
    """A feature: its code, its shape as GeoJSON text in CGCS2000, its frame, and a point that lies inside.

    Codes are unique in a current layer; a draft may hold duplicates, which its findings name. ``properties`` is JSON.
    """

    __tablename__ = "geo_feature"
    __table_args__ = (
        Index("ix_geo_feature_layer_id", "layer_id", "id"),
        Index("ix_geo_feature_code", "layer_id", "code"),
        Index("ix_geo_feature_frame", "layer_id", "min_lat", "max_lat", "min_lon", "max_lon"),
    )

    id: Mapped[Id]
    layer_id: Mapped[UUID] = mapped_column(ForeignKey("geo_layer.id"))
    code: Mapped[str] = mapped_column(String(64))
    name: Mapped[str]
    properties: Mapped[str]
    geometry: Mapped[str]
    min_lon: Mapped[float] = mapped_column(Float)
    min_lat: Mapped[float] = mapped_column(Float)
    max_lon: Mapped[float] = mapped_column(Float)
    max_lat: Mapped[float] = mapped_column(Float)
    area_m2: Mapped[float] = mapped_column(Float)
    inside_lon: Mapped[float] = mapped_column(Float)
    inside_lat: Mapped[float] = mapped_column(Float)


class GridOfficer(Base):
    """Who looks after a responsibility grid from when to when; by code, so that it outlives a new drawing."""

    __tablename__ = "grid_officer"
    __table_args__ = (
        Index("ix_grid_officer_grid", "agency_id", "grid_code"),
        Index("ix_grid_officer_officer_id", "officer_id"),
    )

    id: Mapped[Id]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    grid_code: Mapped[str] = mapped_column(String(64))
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    from_at: Mapped[datetime]
    to_at: Mapped[datetime | None]
