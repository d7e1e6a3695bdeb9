"""The signer of a log: the key in the key file, under the name that the log's checkpoints carry.

A log has one key for its whole life: who checks it has been given that one. A key that was lost ends the log.
"""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.current import settings
from server.db import read
from server.ledger.custody.log_key import LogKeyError, make_key, read_key
from server.ledger.custody.note import Statement, VerifierKey, is_signed_by, sign_note
from server.ledger.custody.opening import host_of
from server.ledger.custody.proofs import Checkpoint, latest_checkpoint, logs

_ANEW = "or begin a new log with another key: `flask new-epoch --reason 'log key lost'`"


@dataclass(frozen=True)
class Signer:
    """A log key and the name in its signatures."""

    name: str
    key: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        """Return the public half."""
        return VerifierKey.of(self.name, self.key)

    def sign(self, statement: Statement) -> str:
        """Return the signed note."""
        return sign_note(statement, self.name, self.key)


def signer_of(path: Path, origin: str, last: Checkpoint | None) -> Signer:
    """Return the signer for the log of ``origin``; its key is made if the log has no checkpoint yet.

    Raises LogKeyError if the key is missing, unreadable, or not the one that signed ``last``.
    """
    key = read_key(path)
    if key is None:
        if last is not None:
            raise LogKeyError(f"The log key {path} is missing: put it back from your copy, {_ANEW}.")
        key = make_key(path)
    signer = Signer(name_in(origin), key)
    if last is not None and not is_signed_by(last.note, signer.verifier):
        raise LogKeyError(f"{path} is not the key that signed {origin}: put the right one back, {_ANEW}.")
    return signer


def present_signer() -> Signer:
    """Return the signer of the newest log, or the one that the first log will have. Raises LogKeyError."""
    chosen = settings()
    known = read(logs)
    if not known:
        return signer_of(chosen.custody_key_file, host_of(chosen.public_url), None)
    return signer_of(chosen.custody_key_file, known[-1].origin, read(latest_checkpoint, known[-1].id))


def name_in(origin: str) -> str:
    """Return the key name that belongs to a log's origin: its host part."""
    return origin.partition("/")[0]
