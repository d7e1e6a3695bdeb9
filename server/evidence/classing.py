"""The category under which photographs are found in galleries: their owner's, as it stands now."""

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from server.evidence.models import Evidence


def reclassify(session: Session, owner: tuple[str, UUID], scheme: str, category_code: str) -> None:
    """Give all evidence of ``owner`` = (kind, id) another category; the caller holds the owner's lock."""
    session.execute(
        update(Evidence)
        .where(Evidence.owner_kind == owner[0], Evidence.owner_id == owner[1])
        .values(scheme=scheme, category_code=category_code)
        .execution_options(synchronize_session=False)
    )
