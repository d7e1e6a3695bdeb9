"""That a handset was in touch without saying anything of itself, as with a pull."""

from functools import cache
from uuid import UUID

from sqlalchemy import Executable
from sqlalchemy.orm import Session

from server.base import table_of
from server.clock import now
from server.identity.models import InstallReport
from server.upsert import dialect_of, insert_in


def note_contact(session: Session, install_id: UUID) -> None:
    """Note that the install was in touch now; what it last said of itself stays."""
    session.execute(_noted(dialect_of(session)), {"install_id": install_id, "seen_at": now()})


@cache
def _noted(dialect: str) -> Executable:
    noted = insert_in(dialect, table_of(InstallReport))
    return noted.on_conflict_do_update(index_elements=["install_id"], set_={"seen_at": noted.excluded.seen_at})
