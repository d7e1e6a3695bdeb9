"""A handset's credential renewed: the next one is named in advance and takes over with the first request that uses it.

Only hashes pass through here. The handset makes the secret itself and keeps it before it names it, so that no lost
answer can lock it out: until the new one was used, both open the door.
"""

from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from server.identity.models import Install
from server.identity.operations.shifts import locked_install
from server.ledger.operations import Doer, record
from server.problems import Problem, _


def name_next_credential(session: Session, install_id: UUID, next_sha256: bytes) -> None:
    """Note the SHA-256 of the credential that the handset will use next; a later one replaces it.

    Repeating it changes nothing, also when the new credential is in use already. Raises validation when another
    install goes by it.
    """
    install = locked_install(session, install_id)
    if next_sha256 in {install.credential_sha256, install.next_credential_sha256}:
        return
    same = or_(Install.credential_sha256 == next_sha256, Install.next_credential_sha256 == next_sha256)
    if session.scalar(select(Install.id).where(same)) is not None:
        raise Problem("validation", errors={"next_sha256": [_("Must be the hash of 32 fresh random bytes.")]})
    install.next_credential_sha256 = next_sha256
    doer = Doer(install.agency_id, install.officer_id, install.id)
    record(session, "credential_named", ("install", str(install.id)), doer)


def promote_credential(session: Session, install_id: UUID, sha256: bytes) -> None:
    """End the old credential, because the next one was used; of several first requests one does it."""
    promoted = session.execute(
        update(Install)
        .where(Install.id == install_id, Install.next_credential_sha256 == sha256)
        .values(credential_sha256=sha256, next_credential_sha256=None)
        .returning(Install.agency_id, Install.officer_id)
    ).one_or_none()
    if promoted is not None:
        doer = Doer(promoted.agency_id, promoted.officer_id, install_id)
        record(session, "credential_rotated", ("install", str(install_id)), doer)
