"""Writes of the photograph itself: its row, and how far the worker is with its renditions.

Attempts are counted durably before anything is decoded: a picture that kills its worker stops after two.
"""

import json
from typing import Any
from uuid import UUID

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from photo_store.inspect_image import ImageFacts
from server.clock import now
from server.evidence.models import Photo
from server.evidence.rules import MOST_DERIVE_ATTEMPTS
from server.ledger.operations import Doer, record
from server.upsert import insert


def add_photo(session: Session, sha256: str, image: ImageFacts, install_id: UUID | None) -> None:
    """Store the row of an original that is in the store; the first one to bring the bytes stays the first."""
    row = {
        "sha256": sha256,
        "size": image.size,
        "media_type": image.media_type,
        "width": image.width,
        "height": image.height,
        "facts": json.dumps(image.as_json(), ensure_ascii=False),
        "received_at": now(),
        "first_install_id": install_id,
        "derive_attempts": 0,
    }
    session.execute(insert(session, Photo).values(**row).on_conflict_do_nothing())


def begin_derive(session: Session, sha256: str, recipe: str) -> bool:
    """Count one more attempt and tell whether to go on: not if done, unknown, or given up."""
    counted = session.execute(
        update(Photo)
        .where(
            Photo.sha256 == sha256,
            or_(Photo.derived_recipe.is_(None), Photo.derived_recipe != recipe),
            Photo.derive_attempts < MOST_DERIVE_ATTEMPTS,
        )
        .values(derive_attempts=Photo.derive_attempts + 1)
        .returning(Photo.sha256)
    )
    return counted.one_or_none() is not None


def note_derived(session: Session, sha256: str, recipe: str, sizes: dict[str, Any]) -> None:
    """Note that all renditions of ``recipe`` exist; ``sizes`` in bytes by rendition."""
    session.execute(
        update(Photo).where(Photo.sha256 == sha256).values(derived_recipe=recipe, derive_attempts=0, derive_error=None)
    )
    record(session, "derived", ("photo", sha256), Doer(), {"recipe": recipe, "sizes": sizes})


def note_derive_failed(session: Session, sha256: str, reason: str) -> None:
    """Note that this original cannot be derived at all (its pixels are damaged): no further attempt."""
    session.execute(
        update(Photo).where(Photo.sha256 == sha256).values(derive_attempts=MOST_DERIVE_ATTEMPTS, derive_error=reason)
    )


def give_attempt_back(session: Session, sha256: str) -> None:
    """Take an attempt off the count: the store did not answer, which is not the picture's fault."""
    session.execute(
        update(Photo)
        .where(Photo.sha256 == sha256, Photo.derive_attempts > 0)
        .values(derive_attempts=Photo.derive_attempts - 1)
    )
