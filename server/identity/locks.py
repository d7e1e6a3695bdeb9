"""The locks under which items and photographs of one handset meet: its install's row, then its officers' rows.

What an install declares and what it uploads, a record and its correction, each would miss the other when both look
before the other commits. All of them come from one install, or from another install of one of its officers, so these
rows are the place where they meet; a row for each key, as tasks need it, would cost two writes an item.
"""

from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from server.identity.models import Install, InstallKey, Officer

# NO KEY: rows that refer to an officer or an install may be written meanwhile.
_INSTALL = select(Install.id).where(Install.id == bindparam("install_id")).with_for_update(key_share=True)
_OFFICERS = (
    select(Officer.id)
    .where(Officer.id.in_(select(InstallKey.officer_id).where(InstallKey.install_id == bindparam("install_id"))))
    .order_by(Officer.id)
    .with_for_update(key_share=True)
)


def lock_sender(session: Session, install_id: UUID) -> None:
    """Lock an install and all officers who have a key on it; first of all locks but the inbox's own.

    SQLite has one writer at a time: there is nothing to lock.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    session.execute(_INSTALL, {"install_id": install_id})
    session.execute(_OFFICERS, {"install_id": install_id})
