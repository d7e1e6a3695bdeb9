"""What travels between parent and child: a name, JSON facts, and files.

On the wire: four bytes with the length of the head, the head (JSON: ``name``, ``facts``, ``files`` as pairs of name
and size), the files one after the other. The reader bounds both, because a child may be in other hands.
"""

import json
from dataclasses import dataclass, field
from typing import IO, Any

__all__ = ["DONE", "READY", "REFUSED", "BadParcel", "Parcel", "read_parcel", "write_parcel"]

READY, DONE, REFUSED = "ready", "done", "refused"  # what a child's parcels are called

MOST_HEAD = 64 * 1024
MOST_FILES = 512 * 1024 * 1024
_LENGTH = 4


class BadParcel(Exception):
    """The pipe ended within a parcel, or what came is none."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """``name``: the task asked for, or the outcome; ``facts``: JSON values; ``files``: bytes by name."""

    name: str
    facts: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


def write_parcel(stream: IO[bytes], parcel: Parcel) -> None:
    """Write a parcel and flush. Raises OSError when the other side is gone."""
    sizes = [[name, len(content)] for name, content in parcel.files.items()]
    head = json.dumps({"name": parcel.name, "facts": parcel.facts, "files": sizes}).encode()
    stream.write(len(head).to_bytes(_LENGTH, "big") + head)
    for content in parcel.files.values():
        stream.write(content)
    stream.flush()


def read_parcel(stream: IO[bytes]) -> Parcel | None:
    """Read a parcel; None when the pipe ended before one began. Raises BadParcel."""
    start = stream.read(_LENGTH)
    if not start:
        return None
    length = int.from_bytes(start, "big")
    if len(start) < _LENGTH or length > MOST_HEAD:
        message = "no parcel begins like this"
        raise BadParcel(message)
    name, facts, sizes = _head(_exactly(stream, length))
    return Parcel(name, facts, {file: _exactly(stream, size) for file, size in sizes})


def _head(text: bytes) -> tuple[str, dict[str, Any], list[tuple[str, int]]]:
    try:
        head = json.loads(text)
        name, facts, files = head["name"], head["facts"], head["files"]
        sizes = [(str(file), int(size)) for file, size in files]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        message = "the head of the parcel cannot be read"
        raise BadParcel(message) from error
    total = sum(size for _, size in sizes)
    if not isinstance(name, str) or not isinstance(facts, dict) or total > MOST_FILES or any(s < 0 for _, s in sizes):
        message = "the head of the parcel makes no sense"
        raise BadParcel(message)
    return name, facts, sizes


def _exactly(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) != size:
        message = "the pipe ended within a parcel"
        raise BadParcel(message)
    return content
