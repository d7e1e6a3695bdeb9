"""Reference documents: what handsets keep a copy of and fetch as the difference to the version they hold.

A document is a set of entries by key. A handset names its version by an opaque tag, never by a counter: after a
restore a counter would repeat, and a tag that this database never gave out is answered with the whole document.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.base import new_tag
from server.standards.models import ReferenceDocument, ReferenceEntry, ReferenceVersion
from server.upsert import insert

MOST_KEY = 64


@dataclass(frozen=True)
class Difference:
    """A document since ``since``, or the whole when that is None: then the reader replaces what it has."""

    name: str
    version: str
    since: str | None
    entries: dict[str, Any]
    removed: list[str]


def publish(session: Session, name: str, entries: Mapping[str, Mapping[str, Any]]) -> str:
    """Make ``entries`` the document's present content and return its version, the old one if nothing changed.

    Publishers of one document take turns. Raises ValueError for a key over 64 characters.
    """
    for key in entries:
        if len(key) > MOST_KEY:
            msg = f"the key {key!r} of {name} has more than {MOST_KEY} characters"
            raise ValueError(msg)
    document = _locked(session, name)
    wanted = {key: json.dumps(entry, ensure_ascii=False, sort_keys=True) for key, entry in entries.items()}
    rows = select(ReferenceEntry.key, ReferenceEntry.content).where(ReferenceEntry.name == name)
    stored = dict(session.execute(rows).all())
    changed = _changed(stored, wanted)
    if not changed and document.seq > 0:
        return document.version
    document.seq, document.version = document.seq + 1, new_tag()
    if changed:
        _write(session, document, changed)
    session.add(ReferenceVersion(name=name, version=document.version, seq=document.seq))
    session.flush()
    return document.version


def document(session: Session, name: str, since: str | None = None) -> Difference | None:
    """Return what changed since a version, the whole for None or an unknown one; None for an unknown name."""
    # Both come from an address; PostgreSQL takes no NUL.
    found = session.get(ReferenceDocument, name) if name.isprintable() else None
    if found is None:
        return None
    held = None if since is None or not since.isprintable() else session.get(ReferenceVersion, (name, since))
    rows = select(ReferenceEntry.key, ReferenceEntry.content).where(ReferenceEntry.name == name)
    if held is None:
        rows = rows.where(ReferenceEntry.content.is_not(None))
    else:
        rows = rows.where(ReferenceEntry.seq > held.seq)
    contents = dict(session.execute(rows.order_by(ReferenceEntry.key)).all())
    return Difference(
        name=name,
        version=found.version,
        since=None if held is None else held.version,
        entries={key: json.loads(content) for key, content in contents.items() if content is not None},
        removed=[key for key, content in contents.items() if content is None],
    )


def etags(session: Session) -> dict[str, str]:
    """Return the present version of every document by name."""
    rows = select(ReferenceDocument.name, ReferenceDocument.version).order_by(ReferenceDocument.name)
    return dict(session.execute(rows).all())


def _locked(session: Session, name: str) -> ReferenceDocument:
    session.execute(
        insert(session, ReferenceDocument).values(name=name, seq=0, version=new_tag()).on_conflict_do_nothing()
    )
    found = select(ReferenceDocument).where(ReferenceDocument.name == name)
    return session.scalars(found.with_for_update().execution_options(populate_existing=True)).one()


def _changed(stored: Mapping[str, str | None], wanted: Mapping[str, str]) -> dict[str, str | None]:
    """Return the entries to write: new and other contents, and None for those taken out."""
    written: dict[str, str | None] = {key: text for key, text in wanted.items() if stored.get(key) != text}
    taken_out = [key for key, text in stored.items() if text is not None and key not in wanted]
    return written | dict.fromkeys(taken_out)


def _write(session: Session, document: ReferenceDocument, changed: Mapping[str, str | None]) -> None:
    entry = insert(session, ReferenceEntry)
    session.execute(
        entry.on_conflict_do_update(
            index_elements=[ReferenceEntry.name, ReferenceEntry.key],
            set_={"seq": entry.excluded.seq, "content": entry.excluded.content},
        ),
        [
            {"name": document.name, "key": key, "seq": document.seq, "content": content}
            for key, content in changed.items()
        ],
    )
