"""The protocol's version, and the limits that the server promises and a handset obeys.

One constant for both sides each: a handset learns them at enrolment and with every answer, in bytes and counts.
"""

from dataclasses import asdict, dataclass

__all__ = ["LIMITS", "PROTOCOL", "Limits"]

PROTOCOL = 1

_KIB = 1024
_MIB = 1024 * _KIB


@dataclass(frozen=True)
class Limits:
    """Largest batch (items, bytes of the request), largest item body and largest photograph in bytes."""

    max_items: int = 200
    max_bytes: int = _MIB
    max_item_bytes: int = 256 * _KIB
    max_photo_bytes: int = 25 * _MIB

    def as_json(self) -> dict[str, int]:
        """Return the wire's ``limits`` object."""
        return asdict(self)


LIMITS = Limits()
