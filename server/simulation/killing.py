"""Kills the simulated server at a chosen begin or commit of a transaction, as a power cut or kill -9 would.

What was committed stays, what was not is gone, no handler answers, no later transaction of the dead process
begins. Breaks inside a write to disk are the business of the tests that kill a real process.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, event


class _Dead(BaseException):
    """Passes every ``except Exception``: a dead process handles nothing."""


class Killer:
    """Counts the begins and commits of one engine and strikes at the chosen one."""

    Dead = _Dead

    def __init__(self, engine: Engine) -> None:
        self._left = 0
        self._aimed = False
        self.is_dead = False
        self.struck = 0
        event.listen(engine, "begin", self._step)
        event.listen(engine, "commit", self._step)

    def arm(self, step: int) -> None:
        """Strike at the ``step``-th begin or commit from now on; 0 lays the weapon down."""
        self._left = step

    @contextmanager
    def aimed(self) -> Iterator[None]:
        """Count inside the block only: what looks at the tables from outside is no part of the server."""
        self._aimed = True
        try:
            yield
        finally:
            self._aimed = False

    def revive(self) -> None:
        """Let a new process take the place of the dead one."""
        self.is_dead = False

    def _step(self, _connection: Connection) -> None:
        if not self._aimed:
            return
        if self.is_dead:
            raise _Dead
        if self._left:
            self._left -= 1
            if not self._left:
                self.is_dead = True
                self.struck += 1
                raise _Dead
