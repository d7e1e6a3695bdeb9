"""Writes of standards: loading a category scheme, which also publishes it to handsets."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from server.standards.models import Category
from server.standards.published import publish_schemes
from server.standards.shots import load_shots
from server.upsert import insert

_NAMES = ("issue_kind", "major", "name", "major_en", "name_en")


def load_scheme(session: Session, scheme: Mapping[str, Any]) -> int:
    """Store one version of a scheme and return how many minor classes it has; loading again changes names only.

    ``scheme``: ``{scheme, version, classes: [{issue_kind, code, name, name_en, minors: [{code, name, name_en}]}]}``,
    the shape of the files in ``server/standards/schemes/``; a minor's full code is major code + minor code. It may name
    ``required_shots``: [{stage, role, count}] with a ``code`` where they are of one class only.
    """
    rows = [_row(scheme, major, minor) for major in scheme["classes"] for minor in major["minors"]]
    stored = insert(session, Category)
    renamed = {name: stored.excluded[name] for name in _NAMES}
    keys = [Category.scheme, Category.version, Category.code]
    session.execute(stored.on_conflict_do_update(index_elements=keys, set_=renamed), rows)
    load_shots(session, scheme["scheme"], scheme["version"], scheme.get("required_shots", ()))
    publish_schemes(session)
    return len(rows)


def _row(scheme: Mapping[str, Any], major: Mapping[str, Any], minor: Mapping[str, Any]) -> dict[str, str]:
    prefix = "b" if major["issue_kind"] == "component" else ""
    return {
        "scheme": scheme["scheme"],
        "version": scheme["version"],
        "code": f"{prefix}{major['code']}{minor['code']}",
        "issue_kind": major["issue_kind"],
        "major": major["name"],
        "major_en": major["name_en"],
        "name": minor["name"],
        "name_en": minor["name_en"],
    }
