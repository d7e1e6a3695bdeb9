"""Time tokens: a time authority outside (RFC 3161) confirms when a checkpoint existed. Optional, and never waited for.

One token covers everything before it, so only each log's newest checkpoint gets one. What is stamped are the bytes of
the note as it is stored; what is kept is the authority's whole response, which `openssl ts -verify -in` reads.
"""

import hashlib
from pathlib import Path

import httpx
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from sqlalchemy import update
from sqlalchemy.orm import Session

from server.base import table_of
from server.current import settings
from server.db import read, transact
from server.ledger.custody.proofs import Checkpoint, latest_checkpoint, logs
from server.ledger.models import CustodyCheckpoint
from server.logs import log

_PATIENCE_SECONDS = 10
_MOST_BYTES = 64 * 1024
_GRANTED = (0, 1)
_checkpoint = table_of(CustodyCheckpoint)


class TokenRefused(Exception):
    """A response is no time token for this checkpoint; the sentence says why."""


def stamp_latest() -> bool:
    """Get tokens for the newest checkpoint of each log that lacks one; tell whether all have one now.

    Without an authority in the settings nothing happens. A failure is logged and tried again at the next call.
    """
    chosen = settings()
    if not chosen.time_authority_url:
        return False
    for checkpoint in read(_unstamped):
        try:
            token = _ask(chosen.time_authority_url, checkpoint.note.encode(), chosen.time_authority_ca_file)
        except (httpx.HTTPError, TokenRefused) as error:
            log.warning("time-authority-failed", url=chosen.time_authority_url, error=str(error))
            return False
        transact(_keep, checkpoint, token)
    return True


def check_token(token: bytes, note: bytes, ca_file: str, nonce: int | None = None) -> TimeStampResponse:
    """Return the response that confirms ``note``. Raises TokenRefused.

    Whether the authority signed it is only checked with its certificates in ``ca_file`` (PEM, the root and what is
    between); without, the response is only shown to be about this note.
    """
    try:
        response = decode_timestamp_response(token)
        if response.status not in _GRANTED:
            raise TokenRefused(f"The time authority refused: status {response.status}, {response.status_string}.")
        imprint = response.tst_info.message_imprint.message
    except ValueError as error:
        raise TokenRefused(f"That is no time stamp response: {error}") from error
    if imprint != hashlib.sha256(note).digest():
        raise TokenRefused("The token is for another text.")
    if nonce is not None and response.tst_info.nonce != nonce:
        raise TokenRefused("The token answers another question: its nonce differs.")
    if ca_file:
        _demand_signature(response, note, Path(ca_file))
    return response


def _ask(url: str, note: bytes, ca_file: str) -> bytes:
    request = TimestampRequestBuilder().data(note).hash_algorithm(HashAlgorithm.SHA256).build()
    answer = httpx.post(
        url,
        content=request.as_bytes(),
        headers={"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"},
        timeout=_PATIENCE_SECONDS,
    ).raise_for_status()
    if len(answer.content) > _MOST_BYTES:
        raise TokenRefused(f"The answer has {len(answer.content)} bytes: that is no token.")
    check_token(answer.content, note, ca_file, request.nonce)
    return answer.content


def _demand_signature(response: TimeStampResponse, note: bytes, ca_file: Path) -> None:
    try:
        certificates = x509.load_pem_x509_certificates(ca_file.read_bytes())
        roots = [certificate for certificate in certificates if certificate.issuer == certificate.subject]
        between = [certificate for certificate in certificates if certificate not in roots]
        VerifierBuilder(roots=roots, intermediates=between).build().verify_message(response, note)
    except (VerificationError, ValueError, OSError) as error:
        raise TokenRefused(f"Not signed by an authority in {ca_file}: {error}") from error


def _unstamped(session: Session) -> list[Checkpoint]:
    newest = (latest_checkpoint(session, each.id) for each in logs(session))
    return [checkpoint for checkpoint in newest if checkpoint is not None and checkpoint.time_token is None]


def _keep(session: Session, checkpoint: Checkpoint, token: bytes) -> None:
    session.execute(
        update(_checkpoint)
        .where(
            _checkpoint.c.log_id == checkpoint.log_id,
            _checkpoint.c.size == checkpoint.size,
            _checkpoint.c.time_token.is_(None),
        )
        .values(time_token=token)
    )
