"""Binds the engine's Inbox to the database, for one install and one request."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from sqlalchemy.exc import OperationalError

from server.db import transact
from server.gateway.interpreting import interpret_items, set_aside
from server.gateway.storing import Sender, store_items
from server.logs import log
from server.problems import Problem
from sync.item import Key, RawItem, Receipt, Verdict
from sync.ports import UnavailableError

R = TypeVar("R")


class DatabaseInbox:
    """sync.ports.Inbox on server.db; every method is one committed transaction."""

    def __init__(self, sender: Sender | None = None) -> None:
        self._sender = sender

    def store(self, items: Sequence[RawItem]) -> list[Receipt]:
        """Commit the raw items; only an inbox opened for a sender can."""
        if self._sender is None:
            msg = "this inbox was opened to interpret, not to store"
            raise ValueError(msg)
        sender = self._sender
        return _available(lambda: transact(store_items, sender, items))

    def interpret(self, keys: Sequence[Key]) -> Mapping[Key, Verdict]:
        """Interpret stored items."""
        return _available(lambda: transact(interpret_items, keys))

    def set_aside(self, key: Key, error: Exception) -> Verdict:
        """Quarantine what broke the interpreter; the trace is in the log, not in the answer."""
        log.error("interpretation-failed", item_id=str(key.item_id), exc_info=error)
        return _available(lambda: transact(set_aside, key, f"{type(error).__name__} while applying the item."))


def _available(work: Callable[[], R]) -> R:
    """Tell a store that cannot work at the moment (lock, lost connection, full disk) from a broken item."""
    try:
        return work()
    except Problem as problem:
        if problem.slug == "busy":
            raise UnavailableError from problem
        raise
    except OperationalError as error:
        raise UnavailableError from error
