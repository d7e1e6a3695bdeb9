"""The server's clock: the one place that asks what time it is, always aware UTC."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

Source = Callable[[], datetime]


def _machine() -> datetime:
    return datetime.now(UTC)


_sources: list[Source] = [_machine]


def now() -> datetime:
    """Return the present instant in UTC, cut to milliseconds (what both databases keep exactly)."""
    moment = _sources[-1]()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@contextmanager
def use(source: Source) -> Iterator[None]:
    """Ask ``source`` (aware UTC) for the time inside the block, in the whole process: simulations live days so."""
    _sources.append(source)
    try:
        yield
    finally:
        _sources.remove(source)


def stamp(moment: datetime) -> str:
    """Write an instant as the wire does: ``2026-11-22T00:31:02.120Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
