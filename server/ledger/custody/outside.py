"""Checkpoints outside the database: one file for each, in a folder that can be copied to where we cannot write.

``<folder>/<host>/<epoch>/<size>.note``, and beside the logs of a host its public keys, ``<key id>.vkey``. Whoever puts
an older database back, or another, contradicts these files. Knows files only.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from photo_store.durable import fsync_folder, write_durably
from server.ledger.custody.note import NoteMalformed, SignedNote, VerifierKey, parse_note

_DIGITS = 12


@dataclass(frozen=True)
class OutsideNote:
    """A checkpoint file and what it says; ``note`` is None where it cannot be read as one."""

    path: Path
    text: str
    note: SignedNote | None


def write_outside(folder: Path, origin: str, size: int, note: str) -> None:
    """Write a checkpoint's file durably; one that is there already stays as it is. Raises OSError."""
    target = folder / origin / f"{size:0{_DIGITS}}.note"
    if not target.exists():
        _place(target, note)


def write_key(folder: Path, key: VerifierKey) -> None:
    """Write a public key beside the checkpoints that it proves. Raises OSError."""
    target = folder / key.name / f"{key.key_id.hex()}.vkey"
    if not target.exists():
        _place(target, f"{key.text}\n")


def keys_outside(folder: Path) -> list[VerifierKey]:
    """Return the public keys that lie in the folder; what is none is left out."""
    found = []
    for path in sorted(folder.glob("*/*.vkey")):
        try:
            found.append(VerifierKey.parse(path.read_text(encoding="utf-8")))
        except (NoteMalformed, UnicodeDecodeError):
            continue
    return found


def all_outside(folder: Path) -> Iterator[OutsideNote]:
    """Yield every checkpoint file. Raises OSError."""
    for path in sorted(folder.glob("*/*/*.note")):
        yield _read(path)


def outside_of(folder: Path, origin: str) -> Iterator[OutsideNote]:
    """Yield the files of one log, the greatest size first, and only those that are checkpoints of it."""
    for path in sorted((folder / origin).glob("*.note"), reverse=True):
        found = _read(path)
        if found.note is not None and found.note.statement.origin == origin:
            yield found


def newest_outside(folder: Path) -> dict[str, OutsideNote]:
    """Return of each log that has files its checkpoint of the greatest size."""
    found = {}
    for place in sorted(folder.glob("*/*/")):
        origin = place.relative_to(folder).as_posix()
        newest = next(outside_of(folder, origin), None)
        if newest is not None:
            found[origin] = newest
    return found


def _read(path: Path) -> OutsideNote:
    text = path.read_bytes().decode("utf-8", "replace")
    try:
        return OutsideNote(path, text, parse_note(text))
    except NoteMalformed:
        return OutsideNote(path, text, None)


def _place(target: Path, text: str) -> None:
    # Named only when complete: a crash must not leave half a checkpoint that looks like a forged one.
    _make_folders(target.parent)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    write_durably(draft, text.encode())
    draft.replace(target)
    fsync_folder(target.parent)


def _make_folders(folder: Path) -> None:
    if not folder.is_dir():
        _make_folders(folder.parent)
        folder.mkdir(exist_ok=True)
        fsync_folder(folder.parent)
