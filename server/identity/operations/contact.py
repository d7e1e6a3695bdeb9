"""That a handset was in touch without saying anything of itself, as with a pull."""

from uuid import UUID

from sqlalchemy.orm import Session

from server.clock import now
from server.identity.models import InstallReport
from server.upsert import insert


def note_contact(session: Session, install_id: UUID) -> None:
    """Note that the install was in touch now; what it last said of itself stays."""
    noted = insert(session, InstallReport).values(install_id=install_id, seen_at=now())
    seen_at = noted.excluded.seen_at
    session.execute(noted.on_conflict_do_update(index_elements=[InstallReport.install_id], set_={"seen_at": seen_at}))
