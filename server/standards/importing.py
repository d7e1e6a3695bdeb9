"""Brings a city's own table in as a new version of a scheme: what is in force is never changed, only followed.

Knows no file: server/standards/workbook makes the content. Whoever reads a table for a trial run calls `follow` in a
read only.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import insert
from sqlalchemy.orm import Session

from server.base import table_of
from server.clock import now
from server.identity.rules import Actor, Permission
from server.ledger.audit import note
from server.ledger.operations import Doer
from server.problems import Problem, _
from server.standards.content import Limits, MinorClass, SchemeContent, WrittenLimit
from server.standards.in_force import newest_version
from server.standards.limits import USUAL_LIMITS
from server.standards.models import SchemeVersion
from server.standards.published import class_entries, publish_schemes
from server.standards.rules import ALL_CLASSES, ALL_CONDITIONS, USUAL, Shot
from server.standards.shots import write_shots
from server.standards.stored import VersionKey, content_of, known, write_classes, write_standards

# Scheme, version and code together are the key of a document that handsets fetch, which has 64 characters.
_SCHEME = re.compile(r"[a-z0-9_]{1,32}")
_VERSION = re.compile(r"[0-9A-Za-z._-]{1,24}")
# What every handset downloads: a village fetches it over a weak line, three versions at worst.
MOST_PUBLISHED_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True)
class NewVersion:
    """The version that a table becomes, and the day from which cases are filed under it."""

    key: VersionKey
    effective_from: date
    source: str = ""


def import_version(
    session: Session, actor: Actor, new: NewVersion, content: SchemeContent, *, has_photos: bool
) -> SchemeContent:
    """Store a table as a new version and publish it; returns what it says with what it takes over.

    ``has_photos``: the table says itself how many photographs each class needs. Raises forbidden, validation,
    version-exists and bad-workbook.
    """
    actor.require_at_top(Permission.MANAGE_STANDARDS)
    return store_version(session, Doer(None, actor.officer_id), new, content, has_photos=has_photos)


def store_version(
    session: Session, doer: Doer, new: NewVersion, content: SchemeContent, *, has_photos: bool
) -> SchemeContent:
    """Store a table as `import_version` does, for whoever may write the database anyway."""
    whole = follow(session, new, content, has_photos=has_photos)
    version = {
        **vars(new.key),
        "status": "in use",
        "source": new.source,
        "confidence": "",
        "effective_from": new.effective_from,
        "loaded_at": now(),
        "loaded_by": doer.officer_id,
    }
    # Of two who bring the same version at once the second breaks its key, starts over and reads version-exists.
    session.execute(insert(table_of(SchemeVersion)), version)
    write_classes(session, new.key, whole)
    write_standards(session, new.key, whole)
    write_shots(session, new.key.scheme, new.key.version, whole.shots)
    facts = {"classes": len(whole.classes), "effective_from": new.effective_from.isoformat(), "source": new.source}
    note(session, doer, "standards_imported", ("standard", str(new.key)), facts)
    publish_schemes(session)
    return whole


def follow(session: Session, new: NewVersion, content: SchemeContent, *, has_photos: bool) -> SchemeContent:
    """Return a table's content with what it does not say itself taken over from the version in force.

    These are the limits of all classes, the photographs, and English names. Raises as `import_version` does.
    """
    check_name(new.key)
    if known(session, new.key):
        raise Problem("version-exists")
    if not content.classes:
        raise Problem("bad-workbook", _("Not one row of the table is good."))
    before = newest_version(session, new.key.scheme)
    old = SchemeContent({}) if before is None else content_of(session, VersionKey(new.key.scheme, before))
    whole = replace(
        content,
        classes={code: _named(one, old.classes.get(code)) for code, one in content.classes.items()},
        limits={**content.limits, (ALL_CLASSES, ALL_CONDITIONS): _all_classes(content, old)},
        shots=_shots(content, old, has_photos=has_photos),
    )
    _demand_small(whole)
    return whole


def check_name(key: VersionKey) -> None:
    """Demand names that fit the key of a document for handsets; raises validation."""
    wrong: dict[str, list[str]] = {}
    if not _SCHEME.fullmatch(key.scheme):
        wrong["scheme"] = [_("Use small letters, digits and _, at most 32.")]
    if not _VERSION.fullmatch(key.version):
        wrong["version"] = [_("Use letters, digits, dots, _ and -, at most 24.")]
    if wrong:
        raise Problem("validation", errors=wrong)


def _named(one: MinorClass, before: MinorClass | None) -> MinorClass:
    """Return a class with English names: its own, else those of the version before, else the Chinese."""
    return replace(
        one,
        major_en=one.major_en or (before.major_en if before else one.major),
        name_en=one.name_en or (before.name_en if before else one.name),
    )


def _all_classes(content: SchemeContent, old: SchemeContent) -> Limits:
    usual = {stage: WrittenLimit(limit, str(limit)) for stage, limit in USUAL_LIMITS.items()}
    key = ALL_CLASSES, ALL_CONDITIONS
    return {**usual, **old.limits.get(key, {}), **content.limits.get(key, {})}


def _shots(content: SchemeContent, old: SchemeContent, *, has_photos: bool) -> Mapping[str, tuple[Shot, ...]]:
    ours = {code: shots for code, shots in old.shots.items() if code in content.classes or code == ALL_CLASSES}
    # Once a version has any row its rows alone decide, so the classes that the table leaves open need theirs.
    return {ALL_CLASSES: ours.get(ALL_CLASSES, USUAL), **content.shots} if has_photos else ours


def _demand_small(content: SchemeContent) -> None:
    size = len(json.dumps(class_entries(content), ensure_ascii=False).encode())
    if size > MOST_PUBLISHED_BYTES:
        told = _("Handsets carry names and conditions with them: shorten the texts to 2 MiB in all.")
        raise Problem("bad-workbook", told, bytes=size)
