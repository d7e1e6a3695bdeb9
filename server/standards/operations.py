"""Writes of standards: loading a scheme that comes with the product, which also publishes it to handsets."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from server.clock import now
from server.standards.models import SchemeVersion
from server.standards.published import publish_schemes
from server.standards.shipped import content_from
from server.standards.shots import load_shots
from server.standards.stored import VersionKey, write_classes, write_standards
from server.upsert import insert


def load_scheme(session: Session, scheme: Mapping[str, Any]) -> int:
    """Store one version of a scheme and return how many minor classes it has; loading again changes names only.

    ``scheme`` is of the shape of the files in ``server/standards/schemes/`` (server/standards/shipped.py). What a city
    has set stays, and so does what cases may have been filed under: conditions and limits are only ever added whole.
    """
    key, content = VersionKey(scheme["scheme"], scheme["version"]), content_from(scheme)
    _write_version(session, key, scheme)
    write_classes(session, key, content)
    write_standards(session, key, content)
    load_shots(session, key.scheme, key.version, scheme.get("required_shots", ()))
    publish_schemes(session)
    return len(content.classes)


def _write_version(session: Session, key: VersionKey, scheme: Mapping[str, Any]) -> None:
    effective = scheme.get("effective_from")
    told = {name: scheme.get(name, "") for name in ("status", "source", "confidence")}
    stored = insert(session, SchemeVersion).values(
        **vars(key), **told, effective_from=effective and date.fromisoformat(effective), loaded_at=now()
    )
    index = [SchemeVersion.scheme, SchemeVersion.version]
    session.execute(stored.on_conflict_do_update(index_elements=index, set_=told))
