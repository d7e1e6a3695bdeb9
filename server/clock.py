"""The server's clock: the one place that asks what time it is, always aware UTC."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant in UTC, cut to milliseconds (what both databases keep exactly)."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def stamp(moment: datetime) -> str:
    """Write an instant as the wire does: ``2026-11-22T00:31:02.120Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
