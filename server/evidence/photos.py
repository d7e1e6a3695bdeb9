"""Writes of the photograph itself: its row, and how far the worker is with its renditions.

Attempts are counted durably before anything is decoded: a picture that kills its worker stops after a few.
"""

import json
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, Text, bindparam, case, func, or_, update
from sqlalchemy.orm import Session

from photo_store.derive import Derived
from photo_store.inspect_image import ImageFacts
from server.base import table_of
from server.clock import now
from server.evidence.likenesses import remember
from server.evidence.models import Photo
from server.evidence.presence import is_missing
from server.evidence.rules import MOST_DERIVE_ATTEMPTS, MOST_LOST_DECODES
from server.evidence.underived import lacks_renditions
from server.ledger.operations import Doer, record
from server.upsert import dialect_of, insert_in


def add_photo(
    session: Session, sha256: str, image: ImageFacts, install_id: UUID | None, *, node: str | None = None
) -> bool:
    """Store the row of an original that is in the store, or only in the spool of ``node``.

    The first one to bring the bytes stays the first; whoever brings them again brings them back to life, from the
    pool's condemned, from a lawful disposal, from a store that had lost them. False: they are just being deleted.
    """
    moment = now()
    row = {
        "sha256": sha256,
        "size": image.size,
        "media_type": image.media_type,
        "width": image.width,
        "height": image.height,
        "facts": json.dumps(image.as_json(), ensure_ascii=False),
        "received_at": moment,
        "first_install_id": install_id,
        "derive_attempts": 0,
        "durability": "stored" if node is None else "spooled",
        "node": node,
    }
    return session.execute(_adding(dialect_of(session)), row).one_or_none() is not None


@cache
def _adding(dialect: str) -> Executable:
    """Return the statement, built once for each dialect: that takes longer than SQLite takes to run it."""
    added = insert_in(dialect, table_of(Photo))
    return added.on_conflict_do_update(
        index_elements=[Photo.sha256], set_=_brought_again(added.excluded), where=Photo.deleting_at.is_(None)
    ).returning(Photo.sha256)


def _brought_again(brought: Any) -> dict[str, Any]:  # noqa: ANN401 (SQLAlchemy's namespace of the new row)
    """Return what a second arrival changes: nothing of a photograph that is well but ``asked_at``."""
    was_out = or_(Photo.condemned_at.is_not(None), Photo.disposed_at.is_not(None))
    # A row that says ``stored`` stays so, unless the store was found to lack the bytes.
    takes_place = or_(Photo.durability == "spooled", is_missing())
    return {
        # The row of a blob that nobody had claimed knows nothing of the picture.
        **{name: brought[name] for name in ("size", "media_type", "width", "height", "facts")},
        "first_install_id": func.coalesce(Photo.first_install_id, brought.first_install_id),
        "asked_at": brought.received_at,
        "condemned_at": None,
        "disposed_at": None,
        "durability": case((takes_place, brought.durability), else_=Photo.durability),
        "node": case((takes_place, brought.node), else_=Photo.node),
        "damaged_at": case((is_missing(), None), else_=Photo.damaged_at),
        "damage": case((is_missing(), None), else_=Photo.damage),
        "derived_recipe": case((Photo.disposed_at.is_not(None), None), else_=Photo.derived_recipe),
        "derive_attempts": case((was_out, 0), else_=Photo.derive_attempts),
        "derive_error": case((was_out, None), else_=Photo.derive_error),
    }


_photo, _RECIPE = table_of(Photo).c, bindparam("recipe", type_=Text)
_BEGUN = (
    update(table_of(Photo))
    .where(_photo.sha256 == bindparam("hash"), lacks_renditions(_RECIPE))
    .values(derive_attempts=_photo.derive_attempts + 1)
    .returning(_photo.sha256)
)
_NOTED = (
    update(table_of(Photo))
    .where(_photo.sha256 == bindparam("hash"), _photo.disposed_at.is_(None), _photo.deleting_at.is_(None))
    .values(derived_recipe=_RECIPE, derive_attempts=0, derive_error=None)
    .returning(_photo.sha256)
)


def begin_derive(session: Session, sha256: str, recipe: str) -> bool:
    """Count one more attempt and tell whether to go on: not if done, unknown, given up, or on its way out."""
    counted = session.execute(_BEGUN, {"hash": sha256, "recipe": recipe})
    return counted.one_or_none() is not None


def note_derived(session: Session, sha256: str, recipe: str, made: Derived) -> bool:
    """Note that all renditions of ``recipe`` exist, and keep how the picture looks.

    False: the photograph was disposed of or collected meanwhile, and its renditions must go, too.
    """
    if session.execute(_NOTED, {"hash": sha256, "recipe": recipe}).one_or_none() is None:
        return False
    remember(session, sha256, made.likeness, made.embedded)
    record(session, "derived", ("photo", sha256), Doer(), {"recipe": recipe, "sizes": made.sizes})
    return True


def note_derive_failed(session: Session, sha256: str, reason: str) -> None:
    """Note that this original cannot be derived at all (its pixels are damaged): no further attempt."""
    session.execute(
        update(Photo)
        .where(Photo.sha256 == sha256)
        .values(derived_recipe=None, derive_attempts=MOST_DERIVE_ATTEMPTS, derive_error=reason)
    )


def note_derive_lost(session: Session, sha256: str, reason: str) -> None:
    """Note that decoding crashed or took too long; it is tried once more."""
    session.execute(
        update(Photo)
        .where(Photo.sha256 == sha256, Photo.derive_attempts >= MOST_LOST_DECODES)
        .values(derived_recipe=None, derive_attempts=MOST_DERIVE_ATTEMPTS, derive_error=reason)
    )


def try_the_unexplained_again(session: Session) -> None:
    """Forget the attempts of photographs that were given up without a word: their workers were stopped each time."""
    session.execute(
        update(Photo)
        .where(Photo.derive_attempts >= MOST_DERIVE_ATTEMPTS, Photo.derive_error.is_(None))
        .values(derive_attempts=0)
    )


def give_attempt_back(session: Session, sha256: str) -> None:
    """Take an attempt off the count: the store or the machine failed, which is not the picture's fault."""
    session.execute(
        update(Photo)
        .where(Photo.sha256 == sha256, Photo.derive_attempts > 0)
        .values(derive_attempts=Photo.derive_attempts - 1)
    )
