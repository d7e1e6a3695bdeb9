"""What must be changed in a restored database before anybody uses it. Runs once, within the restore's transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, delete, select, update
from sqlalchemy.orm import Session

from photo_store.inspect_image import ImageFacts
from server.casework.models import NumberSeries
from server.casework.numbers import Numbering
from server.evidence.models import Photo, Upload, UploadSegment
from server.evidence.photos import add_photo
from server.identity.models import AccessToken, Agency, Install, Officer
from server.ledger.operations import Doer, record
from server.safekeeping.epoch import renew_epoch
from server.safekeeping.holdings import held
from server.safekeeping.manifest import Manifest
from server.upsert import insert

# Numbers that desks may have given after the snapshot, where the lost database cannot be asked any more.
BLOCK = 1000


@dataclass(frozen=True)
class Findings:
    """What the restore found outside the backup.

    ``series``: the last numbers of the database that is being replaced, if it could still be read. ``strays``:
    originals in the store of which the backup knows nothing.
    """

    series: Mapping[str, int]
    strays: Mapping[str, ImageFacts]
    timezone: str


@dataclass(frozen=True)
class Settled:
    """What was changed: the new epoch, and how many of each."""

    epoch: str
    series: int
    uploads: int
    adopted: int


def settle(session: Session, manifest: Manifest, findings: Findings, moment: datetime) -> Settled:
    """Make a restored database fit for use: new epoch, numbers that skip ahead, no upload and no session open."""
    series = skip_numbers(session, findings.series, Numbering(timezone=findings.timezone), moment)
    uploads = forget_uploads(session)
    sign_everybody_out(session)
    promise_what_is_held(session, manifest)
    for sha256, image in findings.strays.items():
        add_photo(session, sha256, image, None)
        record(session, "adopted", ("photo", sha256), Doer(), {"backup": manifest.created_at, "size": image.size})
    facts = {"backup": manifest.created_at, "adopted": len(findings.strays)}
    return Settled(renew_epoch(session, "restored from a backup", facts), series, uploads, len(findings.strays))


def skip_numbers(session: Session, known: Mapping[str, int], numbering: Numbering, moment: datetime) -> int:
    """Raise every number series by a block, beyond what is known to have been given; return how many there are.

    Also those that did not exist at the snapshot: the day's numbers of an area where the first case was filed after
    it. Only today's and tomorrow's series ever give another number.
    """
    last = dict(session.execute(select(NumberSeries.name, NumberSeries.last)).all())
    for path in session.scalars(select(Agency.path)):
        for day in (moment, moment + timedelta(days=1)):
            last.setdefault(numbering.series(path, day), 0)
    for name, given in known.items():
        last[name] = max(given, last.get(name, 0))
    for name in sorted(last):
        raised = insert(session, NumberSeries).values(name=name, last=last[name] + BLOCK)
        session.execute(
            raised.on_conflict_do_update(index_elements=[NumberSeries.name], set_={"last": raised.excluded.last})
        )
    return len(last)


def forget_uploads(session: Session) -> int:
    """Delete uploads that are not complete, whose segments are gone or another history's: they become unknown (404)."""
    unfinished = select(Upload.id).where(Upload.state != "complete")
    session.execute(delete(UploadSegment))
    gone = session.scalars(unfinished).all()
    session.execute(delete(Upload).where(Upload.state != "complete"))
    return len(gone)


def sign_everybody_out(session: Session) -> None:
    """End all desk sessions: who signed out, or was closed, after the snapshot would be signed in again."""
    session.execute(delete(AccessToken))
    session.execute(update(Officer).values(session_generation=Officer.session_generation + 1))


def promise_what_is_held(session: Session, manifest: Manifest) -> None:
    """Set ``backed_up_through`` to what this backup holds: the snapshot only knows of the backups before it."""
    found = held(session, manifest.taken)
    session.execute(update(Install).values(backed_up_through=0))
    for install_id in sorted(found, key=UUID.__str__):
        last = found[install_id]
        bound = case((Install.item_count < last, Install.item_count), else_=last)
        session.execute(update(Install).where(Install.id == install_id).values(backed_up_through=bound))


def forget_renditions(session: Session, hashes: Iterable[str]) -> None:
    """Let the worker's sweep derive these originals again."""
    for sha256 in hashes:
        session.execute(update(Photo).where(Photo.sha256 == sha256).values(derived_recipe=None, derive_attempts=0))
