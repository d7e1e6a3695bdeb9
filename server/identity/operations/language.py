"""The language in which an officer reads the console, kept with the account."""

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from server.identity.models import Officer


def choose_locale(session: Session, officer_id: UUID, locale: str) -> None:
    """Store the officer's language; the caller has checked that we speak it."""
    session.execute(update(Officer).where(Officer.id == officer_id).values(locale=locale))
