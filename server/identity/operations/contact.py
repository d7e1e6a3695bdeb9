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
    session.execute(noting(dialect_of(session), ("seen_at",)), {"install_id": install_id, "seen_at": now()})


@cache
def noting(dialect: str, columns: tuple[str, ...]) -> Executable:
    """Return the statement that notes ``columns`` of an install, built once: every push and every pull ends with it."""
    noted = insert_in(dialect, table_of(InstallReport))
    return noted.on_conflict_do_update(
        index_elements=["install_id"], set_={name: noted.excluded[name] for name in columns}
    )
