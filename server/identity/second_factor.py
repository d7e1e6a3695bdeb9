"""The second factor: one-time codes by time (TOTP, RFC 6238), and the sealing of their secret. Knows no database.

SHA-1, six digits, thirty seconds: the one form that every authenticator app reads.
"""

import hashlib
import hmac
import secrets
import unicodedata
from datetime import datetime
from uuid import UUID

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

STEP_SECONDS = 30
# Steps before and after the present one whose codes count: a telephone's clock is seldom better.
TOLERANCE = 1
RECOVERY_CODES = 10
_DIGITS = 6
_NONCE_BYTES = 12
_ISSUER = "Xuncha"


def new_secret() -> str:
    """Return a fresh secret of 160 bits in base32, as authenticator apps take it."""
    return pyotp.random_base32()


def setup_uri(secret: str, login: str) -> str:
    """Return the ``otpauth://`` address that an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=_ISSUER)


def step_of(secret: str, code: str, moment: datetime, after: int = 0) -> int | None:
    """Return the time step whose code ``code`` is, one within the tolerance and later than ``after``; else None."""
    typed = unicodedata.normalize("NFKC", code).replace(" ", "")
    if len(typed) != _DIGITS or not typed.isascii():
        return None
    present = int(moment.timestamp()) // STEP_SECONDS
    counter = pyotp.HOTP(secret)
    for step in range(present - TOLERANCE, present + TOLERANCE + 1):
        if step > after and hmac.compare_digest(counter.at(step), typed):
            return step
    return None


def seal(secret: str, officer_id: UUID, server_secret: str) -> bytes:
    """Encrypt a secret for the database: AES-256-GCM, bound to its officer, under a key of the deployment's secret."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _cipher(server_secret).encrypt(nonce, secret.encode("ascii"), officer_id.bytes)


def unseal(sealed: bytes, officer_id: UUID, server_secret: str) -> str | None:
    """Return a sealed secret; None where the deployment's secret is another one than then."""
    nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return _cipher(server_secret).decrypt(nonce, text, officer_id.bytes).decode("ascii")
    except InvalidTag:
        return None


def _cipher(server_secret: str) -> AESGCM:
    return AESGCM(hmac.new(server_secret.encode(), b"xuncha-second-factor", hashlib.sha256).digest())
