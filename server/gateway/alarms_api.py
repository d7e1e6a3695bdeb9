"""The alarms' API for operators: which promises of docs/protocol.md are in doubt, and taking note of one."""

from typing import Any

from marshmallow import Schema, fields, validate

from server.db import read, transact
from server.gateway.alarm_scope import whole_deployment
from server.identity.rules import Permission
from server.identity.schemas import Instant, line
from server.ledger.alarms import NAMES, OpenAlarm, clear_alarm, count_open, open_alarms
from server.web import actor, api_blueprint

blueprint = api_blueprint("alarms", url_prefix="/alarms")
blueprints = (blueprint,)


class AlarmSchema(Schema):
    """An alarm that nobody cleared; ``facts`` are those of its last occurrence."""

    name = fields.String()
    meaning = fields.String()
    subject = fields.String()
    count = fields.Integer()
    first_at = Instant()
    last_at = Instant()
    facts = fields.Dict()


class AlarmListSchema(Schema):
    """The newest open alarms; ``open`` is how many there are of each name."""

    items = fields.List(fields.Nested(AlarmSchema))
    open = fields.Dict(keys=fields.String(), values=fields.Integer())


class ClearSchema(Schema):
    """Names one alarm."""

    name = fields.String(required=True, validate=validate.OneOf(list(NAMES)))
    subject = line(160)


@blueprint.get("")
@blueprint.response(200, AlarmListSchema)
def listing() -> dict[str, Any]:
    """List the open alarms, newest first."""
    whole_deployment(actor(), Permission.READ_FLEET)
    found: list[OpenAlarm] = read(open_alarms)
    return {"items": found, "open": {name: subjects for name, (subjects, _times) in read(count_open).items()}}


@blueprint.post("/clear")
@blueprint.arguments(ClearSchema)
@blueprint.response(204)
def clear(named: dict[str, str]) -> None:
    """Clear one alarm; it opens again by itself when its cause comes back."""
    whole_deployment(actor(), Permission.ADMINISTER_HANDSETS)
    transact(clear_alarm, actor().officer_id, named["name"], named["subject"])
