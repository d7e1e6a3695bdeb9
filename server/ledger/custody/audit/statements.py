"""Checks what checkpoints state, here and outside, against the logs as read again: root, signature, time token."""

from collections.abc import Iterable, Mapping

from server.ledger.custody.audit.faults import Faults
from server.ledger.custody.audit.rereading import Rereading
from server.ledger.custody.note import NoteMalformed, SignedNote, Statement, VerifierKey, parse_note
from server.ledger.custody.outside import OutsideNote
from server.ledger.custody.proofs import Checkpoint
from server.ledger.custody.timestamps import TokenRefused, check_token


class StatementCheck:
    """Checks notes of any log. ``lost``: per origin, up to which size a later log says that a restore lost it."""

    def __init__(
        self, logs: Mapping[str, Rereading], keys: Iterable[VerifierKey], lost: Mapping[str, int], faults: Faults
    ) -> None:
        self._logs = logs
        self._keys = list(keys)
        self._lost = lost
        self._faults = faults
        self.tokens = 0

    def kept(self, checkpoint: Checkpoint, ca_file: str) -> None:
        """Check a checkpoint of the database, and its time token."""
        where = f"{checkpoint.origin} at {checkpoint.size}"
        try:
            note = parse_note(checkpoint.note)
        except NoteMalformed as error:
            self._faults.add(where, f"The stored checkpoint cannot be read: {error}")
            return
        if note.statement != Statement(checkpoint.origin, checkpoint.size, checkpoint.root):
            self._faults.add(where, "The stored checkpoint states something else than its row.")
        self._stated(where, note)
        if note.statement.size > self._logs[checkpoint.origin].log.size:
            self._faults.add(where, "The log was cut: it is shorter than its checkpoint.")
        if checkpoint.time_token is not None:
            self._token(where, checkpoint.time_token, checkpoint.note, ca_file)

    def outside(self, found: OutsideNote) -> None:
        """Check a checkpoint file; of a log that is shorter here, or unknown, a later log must say so."""
        where = str(found.path)
        if found.note is None:
            self._faults.add(where, "The file is no checkpoint.")
            return
        stated = found.note.statement
        self._stated(where, found.note)
        log = self._logs.get(stated.origin)
        if stated.size > (log.log.size if log else 0) and stated.size > self._lost.get(stated.origin, 0):
            self._faults.add(where, f"This database does not have the {stated.size} events of {stated.origin}.")

    def _stated(self, where: str, note: SignedNote) -> None:
        log = self._logs.get(note.statement.origin)
        if log and note.statement.size <= log.log.size and log.roots.get(note.statement.size) != note.statement.root:
            self._faults.add(where, f"The log's first {note.statement.size} events are not those of this checkpoint.")
        ids = {(signed.name, signed.key_id) for signed in note.signatures}
        fitting = [key for key in self._keys if (key.name, key.key_id) in ids]
        if not fitting:
            self._faults.add(where, "No key is known to check the signature with: give --log-key.")
        elif not all(note.is_signed_by(key) for key in fitting):
            self._faults.add(where, "The signature is false.")

    def _token(self, where: str, token: bytes, note: str, ca_file: str) -> None:
        self.tokens += 1
        try:
            check_token(token, note.encode(), ca_file)
        except TokenRefused as error:
            self._faults.add(where, f"The time token is false. {error}")
