"""The key that an officer makes on an install; the private half never leaves the handset.

Knows ES256 (ECDSA on P-256 with SHA-256) and the signed messages of Field Sync 1, nothing of items or files.
"""

from base64 import urlsafe_b64encode
from random import Random, SystemRandom
from typing import Self

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ALGORITHM = "ES256"
_COORDINATE_BYTES = 32
# The number of points of P-256 (FIPS 186-5): a private key is any number from 1 below it.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class DeviceKey:
    """One P-256 private key."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private

    @classmethod
    def make(cls, random: Random | None = None) -> Self:
        """Return a fresh key; only a simulation brings a random source that is not the system's."""
        return cls(ec.derive_private_key((random or SystemRandom()).randrange(1, _ORDER), ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: str) -> Self:
        """Read a key written by `pem`; anything but an elliptic curve key is a ValueError."""
        private = serialization.load_pem_private_key(pem.encode("ascii"), password=None)
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise ValueError("this handset's key file holds no elliptic curve key: enrol the handset again")  # noqa: TRY004 (the content of a file is wrong, not a caller's type)
        return cls(private)

    def pem(self) -> str:
        """Return the private key as unencrypted PKCS#8 PEM, to be kept inside the outbox only."""
        return self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode("ascii")

    def public(self) -> dict[str, str]:
        """Return the enrolment's ``{alg, key}``: base64url of the SubjectPublicKeyInfo DER, unpadded."""
        der = self._private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return {"alg": ALGORITHM, "key": base64url(der)}

    def sign(self, install_id: str, fingerprint: str) -> str:
        """Sign one item of one install; returns base64url of the raw ``r || s`` (64 bytes), unpadded."""
        return self._signed(b"fieldsync1\0" + install_id.encode("ascii") + fingerprint.encode("ascii"))

    def sign_session(self, install_id: str, officer_id: str, at: str, nonce: str) -> str:
        """Sign the proof that the officer is there; returns the same form as `sign`."""
        return self._signed(f"fieldsync1-session\0{install_id}\0{officer_id}\0{at}\0{nonce}".encode())

    def _signed(self, message: bytes) -> str:
        # Deterministic (RFC 6979): a poor random source cannot leak the key, and a simulation repeats itself.
        der = self._private.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        r, s = decode_dss_signature(der)
        return base64url(r.to_bytes(_COORDINATE_BYTES) + s.to_bytes(_COORDINATE_BYTES))


def base64url(raw: bytes) -> str:
    """Return unpadded base64url."""
    return urlsafe_b64encode(raw).decode("ascii").rstrip("=")
