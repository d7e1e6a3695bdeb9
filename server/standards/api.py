"""The API of standards for desks: which photographs a case of a class needs before it can be closed."""

from typing import Any

from server.db import read, transact
from server.identity.rules import Permission
from server.standards import shots
from server.standards.queries import scheme_versions
from server.standards.rules import ALL_CLASSES, USUAL
from server.standards.schemas import ClassShotsSchema, RequiredShotsSchema
from server.web import actor, api_blueprint

blueprint = api_blueprint("standards")
blueprints = (blueprint,)


@blueprint.get("/required-shots")
@blueprint.response(200, RequiredShotsSchema)
def listing() -> dict[str, Any]:
    """List the required photographs of every loaded scheme version."""
    me = actor()
    if not me.may(Permission.MANAGE_STANDARDS):
        me.require(Permission.READ_CASES)
    return {"classes": [one for scheme, version in read(scheme_versions) for one in _of(scheme, version)]}


@blueprint.put("/required-shots")
@blueprint.arguments(ClassShotsSchema)
@blueprint.response(200, ClassShotsSchema)
def replace(wanted: dict[str, Any]) -> dict[str, Any]:
    """Replace the required photographs of one class, or of every class without its own."""
    of = shots.ShotClass(wanted["scheme"], wanted["version"], wanted["code"])
    transact(shots.set_shots, actor(), of, wanted["shots"])
    return wanted


def _of(scheme: str, version: str) -> list[dict[str, Any]]:
    rows = read(shots.shots_by_code, scheme, version) or {ALL_CLASSES: USUAL}
    return [{"scheme": scheme, "version": version, "code": code, "shots": kept} for code, kept in rows.items()]
