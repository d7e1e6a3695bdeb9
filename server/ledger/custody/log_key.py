"""The log key: an Ed25519 key in a file of its own, made once. Whoever has it can sign checkpoints of this deployment.

It is in no backup: a copied backup must not be able to sign. Knows only the file.
"""

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from photo_store.durable import make_once


class LogKeyError(Exception):
    """The log key cannot be used; nothing is signed until a person has looked. The sentence says what to do."""


def read_key(path: Path) -> Ed25519PrivateKey | None:
    """Return the key, or None if there is no such file. Raises LogKeyError."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LogKeyError(
            f"The log key {path} cannot be read ({error.strerror}): give it to the account that runs Xuncha."
        ) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise LogKeyError(f"{path} is no log key (PEM, without a password): put the right file back.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise LogKeyError(f"{path} is a key of another kind than Ed25519: put the log key back.")
    return key


def make_key(path: Path) -> Ed25519PrivateKey:
    """Make the key unless another process was first; return the one that stands there. Raises LogKeyError."""
    try:
        make_once(path, _pem(Ed25519PrivateKey.generate()))
    except OSError as error:
        raise LogKeyError(
            f"The log key {path} cannot be written ({error.strerror}): make its folder writable."
        ) from error
    made = read_key(path)
    if made is None:
        raise LogKeyError(f"The log key {path} vanished as it was made: look at who else writes there.")
    return made


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
