"""One door that tells whether this process can work: the database answers. For launchers and load balancers."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from server.db import read
from server.ledger.queries import epoch

health = Blueprint("health", __name__)


@health.get("/health")
def answer() -> ResponseReturnValue:
    """Return 200 and the epoch, or the problem of the database."""
    return {"status": "ok", "epoch": read(epoch)}
