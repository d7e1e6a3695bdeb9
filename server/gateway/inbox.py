"""Binds the engine's Inbox to the database, for one install."""

from collections.abc import Callable, Mapping, Sequence
from typing import Self, TypeVar
from uuid import UUID

from sqlalchemy.exc import OperationalError

from server.db import transact
from server.gateway.interpreting import interpret_fresh, interpret_stored, set_aside
from server.gateway.opened import OpenItem, TakenUp
from server.gateway.storing import Sender, Stored, store_items
from server.logs import log
from server.problems import Problem
from sync.item import Key, RawItem, Receipt, State, Verdict
from sync.ports import UnavailableError

R = TypeVar("R")


class DatabaseInbox:
    """sync.ports.Inbox on server.db; every method is one committed transaction.

    What a push stored is interpreted from memory. ``stored`` is what the acknowledging transaction found.
    """

    def __init__(self, install_id: UUID, sender: Sender | None = None) -> None:
        self._install_id = install_id
        self._sender = sender
        self._fresh: dict[Key, OpenItem] = {}
        self.stored: Stored | None = None

    @classmethod
    def for_install(cls, install_id: UUID) -> Self:
        """Open the inbox of an install to interpret what is stored there."""
        return cls(install_id)

    @classmethod
    def for_sender(cls, sender: Sender) -> Self:
        """Open the inbox of an install for the request that it sends."""
        return cls(sender.install_id, sender)

    def store(self, items: Sequence[RawItem]) -> list[Receipt]:
        """Commit the raw items; only an inbox opened for a sender can."""
        sender = self._sender
        if sender is None:
            msg = "this inbox was opened to interpret, not to store"
            raise ValueError(msg)
        self.stored = _available(lambda: transact(store_items, sender, items))
        for receipt in self.stored.receipts:
            if receipt.fresh and receipt.known is None:
                self._fresh[receipt.raw.key] = OpenItem(receipt.raw, receipt.n, sender.anchor)
        return self.stored.receipts

    def interpret(self, keys: Sequence[Key]) -> Mapping[Key, Verdict]:
        """Interpret stored items: those of this very request from memory, others from their rows."""
        fresh = [self._fresh[key] for key in keys if key in self._fresh]
        if len(fresh) == len(keys):
            try:
                return _available(lambda: transact(interpret_fresh, self._install_id, fresh))
            except TakenUp:
                # The lease was over and the worker took them; what it found is in the rows.
                self._fresh.clear()
        return _available(lambda: transact(interpret_stored, self._install_id, keys))

    def set_aside(self, key: Key, error: Exception) -> Verdict:
        """Quarantine what broke the interpreter; the trace is in the log, not in the answer."""
        log.error("interpretation-failed", item_id=str(key.item_id), exc_info=error)
        why = f"{type(error).__name__} while applying the item."
        found = _available(lambda: transact(set_aside, self._install_id, key, why))
        return found or Verdict(State.INTERPRETING)


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
