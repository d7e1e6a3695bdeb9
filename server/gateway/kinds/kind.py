"""What a kind of item is to the server: the shape of its payload, and the handler that gives its verdict."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session

from server.casework.facts import Reporter
from server.errors import flat
from server.evidence.rules import DeclaredPhoto
from server.identity.field import FieldOfficer, FieldOfficerOnInstall, field_officer
from server.problems import Problem
from server.recall import recall
from sync.handset_time import Corrected
from sync.item import Item, Verdict

Payload = Mapping[str, Any]
Handler = Callable[[Session, Item, Corrected, Payload], Verdict]


@dataclass(frozen=True)
class Kind:
    """One version of one kind. A handler raises Problem to quarantine its item, NeedsError to let it wait."""

    shape: Schema
    handler: Handler

    def load(self, item: Item) -> Payload:
        """Return the item's payload in shape; raises the problem ``validation``, which names the members."""
        try:
            loaded: Payload = self.shape.load(dict(item.payload))
        except ValidationError as error:
            told = flat({"json": error.messages})
            # What is wrong with a whole object stands under its own name.
            messages = {f"payload.{name}".removesuffix("._schema"): texts for name, texts in told.items()}
            raise Problem("validation", errors=messages) from error
        return loaded


class NeedsError(Exception):
    """The item must wait for ``needs``, keys such as ``task:<uuid>`` or ``item:<uuid>``."""

    def __init__(self, needs: Iterable[str]) -> None:
        self.needs = list(needs)
        super().__init__(self.needs)


def reporter_of(session: Session, item: Item) -> Reporter:
    """Return the officer whom the item names, on its install, in the capacity that the officer has."""
    key = field_officer, item.officer_id
    officer: FieldOfficer | FieldOfficerOnInstall = recall(
        session, key, lambda: field_officer(session, item.officer_id)
    )
    return Reporter(
        officer_id=item.officer_id,
        install_id=item.install_id,
        agency_id=officer.agency_id,
        squad_id=officer.squad_id,
        capacity=officer.capacity,
    )


def photos_of(payload: Payload) -> tuple[DeclaredPhoto, ...]:
    """Return the photographs that a payload declares."""
    return tuple(DeclaredPhoto(**photo) for photo in payload["photos"])
