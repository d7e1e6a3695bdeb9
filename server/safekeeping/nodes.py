"""Which machines run the product, and which spool folder each of them sees.

A machine shows itself once a minute: its worker by a job, and each web process with the first request of a minute,
where the store can spool or the machine was given a name (a web machine may have no worker). It costs one upsert per
process and minute. The spool's identity is a random word in a file of the folder itself: two machines that read the
same word share it.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from photo_store.durable import make_once
from server.clock import now
from server.config import Settings
from server.current import node_name, settings
from server.db import read, transact
from server.evidence.draining import spooled_by_node
from server.evidence.presence import NODE_SILENT
from server.jobs import periodic
from server.ledger.alarms import raise_alarm
from server.ledger.models import Node
from server.logs import log
from server.problems import Problem
from server.upsert import insert

_EVERY_SECONDS = 60.0


@dataclass(frozen=True)
class SeenNode:
    """A machine, the spool folder it sees, and when it last showed itself."""

    name: str
    spool_id: str
    seen_at: datetime

    def is_live(self, moment: datetime) -> bool:
        """Tell whether it showed itself within the last quarter of an hour."""
        return self.seen_at >= moment - NODE_SILENT


@periodic(minutes=1)
def show_node() -> None:
    """Show this machine to the others."""
    _show()


@periodic(minutes=5)
def watch_nodes() -> None:
    """Raise an alarm for each machine that is silent and alone holds photographs."""
    live = {node.name for node in read(nodes) if node.is_live(now())}
    for name, count in read(spooled_by_node).items():
        if name not in live:
            transact(raise_alarm, "node_silent", f"node:{name}", {"photographs": count})


def spool_identity(spool_dir: Path) -> str:
    """Return the random word of a spool folder, 32 hex digits, made at the first call. Raises OSError."""
    kept = spool_dir.absolute() / "node" / "id"
    if not kept.exists():
        make_once(kept, secrets.token_hex(16).encode("ascii"), 0o644)
    return kept.read_text(encoding="ascii")


def note_node(session: Session, name: str, spool_id: str) -> None:
    """Note that a machine is alive and sees this spool folder."""
    shown = insert(session, Node).values(name=name, spool_id=spool_id, seen_at=now())
    session.execute(
        shown.on_conflict_do_update(
            index_elements=[Node.name],
            set_={"spool_id": shown.excluded.spool_id, "seen_at": shown.excluded.seen_at},
        )
    )


def nodes(session: Session) -> list[SeenNode]:
    """Return all machines that ever showed themselves."""
    rows = session.execute(select(Node.name, Node.spool_id, Node.seen_at).order_by(Node.name))
    return [SeenNode(*row) for row in rows]


def _show() -> None:
    transact(note_node, node_name(), spool_identity(settings().spool_dir))


class Beat:
    """One process's sign of life: at most once a minute, and never an error for the request that carries it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due = float("-inf")

    def show(self) -> None:
        """Show this machine if the last time was a minute ago."""
        moment = self._clock()
        if moment < self._due:
            return
        self._due = moment + _EVERY_SECONDS
        try:
            _show()
        except (Problem, SQLAlchemyError, OSError) as error:
            log.warning("node-not-shown", error=str(error))


def is_one_of_several(chosen: Settings) -> bool:
    """Tell whether web processes show their machine, too."""
    return chosen.blob_store != "disk" or bool(chosen.node)


def init_nodes(app: Flask) -> None:
    """Let the web processes of ``app`` show their machine."""
    if is_one_of_several(app.extensions["xuncha_settings"]):
        app.before_request(Beat().show)
