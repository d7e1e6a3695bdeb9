"""Checkpoints as text: C2SP tlog-checkpoint inside a C2SP signed note, and the verifier key that proves it.

Formats: c2sp.org/tlog-checkpoint and c2sp.org/signed-note. Pure; knows neither database nor files.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_KEY_ID_BYTES, _ROOT_BYTES, _STATEMENT_LINES = 4, 32, 3
_DASH = "— "


class NoteMalformed(Exception):
    """A text is no checkpoint, or no verifier key; the sentence says what is wrong with it."""


@dataclass(frozen=True)
class Statement:
    """What a checkpoint states: the log's origin, its size, and the root over that many events."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """Return the signed text."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True)
class VerifierKey:
    """A name and an Ed25519 public key (32 bytes): what checks a log's signatures."""

    name: str
    public: bytes

    @classmethod
    def of(cls, name: str, key: Ed25519PrivateKey) -> Self:
        """Return the verifier key that belongs to a log key."""
        return cls(name, key.public_key().public_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``<name>+<key id>+<base64>``. Raises NoteMalformed."""
        try:
            name, key_id, encoded = text.strip().split("+", 2)
            raw = base64.b64decode(encoded, validate=True)
            Ed25519PublicKey.from_public_bytes(raw[1:])
        except ValueError as error:
            raise NoteMalformed(f"{text.strip()!r} is no verifier key: <name>+<key id>+<base64>.") from error
        found = cls(name, raw[1:])
        if raw[:1] != _ED25519 or found.key_id.hex() != key_id:
            raise NoteMalformed(f"{text.strip()!r} contradicts itself: it was mistyped, or is of another kind.")
        return found

    @property
    def key_id(self) -> bytes:
        """Return the four bytes that name the key in a note."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:_KEY_ID_BYTES]

    @property
    def text(self) -> str:
        """Return what people hand to each other: ``<name>+<key id>+<base64>``."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"


@dataclass(frozen=True)
class Signature:
    """One signature line of a note."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True)
class SignedNote:
    """A checkpoint as read: what it states, in which words, and who signed."""

    statement: Statement
    text: str
    signatures: tuple[Signature, ...]

    def is_signed_by(self, key: VerifierKey) -> bool:
        """Tell whether one of the signatures is this key's, and true."""
        public = Ed25519PublicKey.from_public_bytes(key.public)
        return any(
            (signed.name, signed.key_id) == (key.name, key.key_id) and _holds(public, signed.signature, self.text)
            for signed in self.signatures
        )


def sign_note(statement: Statement, name: str, key: Ed25519PrivateKey) -> str:
    """Return the note of a statement; the same statement and key always give the same text."""
    blob = VerifierKey.of(name, key).key_id + key.sign(statement.text.encode())
    return f"{statement.text}\n{_DASH}{name} {base64.b64encode(blob).decode()}\n"


def parse_note(note: str) -> SignedNote:
    """Read a note; signatures are not checked here. Raises NoteMalformed."""
    text, blank, signed = note.partition("\n\n")
    lines = text.split("\n")
    if not blank or len(lines) < _STATEMENT_LINES or not signed.endswith("\n"):
        raise NoteMalformed("A checkpoint is three lines, an empty line, and signatures.")
    origin, size, root = lines[:_STATEMENT_LINES]
    if not origin or not size.isdecimal() or not size.isascii() or (size != "0" and size.startswith("0")):
        raise NoteMalformed("A checkpoint begins with its origin and its size.")
    statement = Statement(origin, int(size), _bytes_of(root))
    if len(statement.root) != _ROOT_BYTES:
        raise NoteMalformed("The root of a checkpoint is 32 bytes in base64.")
    return SignedNote(statement, f"{text}\n", tuple(_signature(line) for line in signed.removesuffix("\n").split("\n")))


def is_signed_by(note: str, key: VerifierKey) -> bool:
    """Tell whether a text is a checkpoint with a true signature of this key."""
    try:
        return parse_note(note).is_signed_by(key)
    except NoteMalformed:
        return False


def _signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    blob = _bytes_of(encoded)
    if not line.startswith(_DASH) or not name or not space or len(blob) <= _KEY_ID_BYTES:
        raise NoteMalformed("A signature line is a dash, a name, and base64.")
    return Signature(name, blob[:_KEY_ID_BYTES], blob[_KEY_ID_BYTES:])


def _bytes_of(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteMalformed(f"{encoded[:80]!r} is not base64.") from error


def _holds(public: Ed25519PublicKey, signature: bytes, text: str) -> bool:
    try:
        public.verify(signature, text.encode())
    except InvalidSignature:
        return False
    return True
