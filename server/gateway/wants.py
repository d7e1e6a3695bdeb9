"""Which photographs a handset still owes: declared by it, not arrived."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.evidence.models import Evidence


def missing_of_install(session: Session, install_id: UUID, limit: int) -> list[str]:
    """Return up to ``limit`` hashes that this install declared and whose bytes are missing, oldest first."""
    rows = session.scalars(
        select(Evidence.sha256)
        .where(Evidence.install_id == install_id, Evidence.present_at.is_(None))
        .order_by(Evidence.expected_at, Evidence.id)
        .limit(limit)
    )
    return list(dict.fromkeys(rows))
