"""Tables of standards: reference data that a city replaces, so nothing else may hold a foreign key to it."""

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base


class Category(Base):
    """A minor class (小类) of a scheme's version. ``code`` is unique within its scheme version.

    Where the source counts components and events apart (the same digits mean two things), component codes carry
    the prefix ``b`` (部件). ``name`` is the standard's own wording; ``name_en`` is our translation.
    """

    __tablename__ = "category"
    __table_args__ = (CheckConstraint("issue_kind IN ('component', 'event')", name="issue_kind"),)

    scheme: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    issue_kind: Mapped[str] = mapped_column(String(16))
    major: Mapped[str]
    name: Mapped[str]
    major_en: Mapped[str]
    name_en: Mapped[str]
