"""The public key of an officer on a handset: judged and put into its one canonical form, and what it signed."""

from base64 import b64decode

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from server.problems import Problem
from sync.signature import signed_by as signature_fits

ALGORITHM = "ES256"


def canonical_key(algorithm: str, text: str) -> bytes:
    """Return the SubjectPublicKeyInfo DER (RFC 5480, uncompressed point) of a P-256 key in base64url.

    Raises bad-key. The canonical form makes "the same key" a comparison of bytes.
    """
    if algorithm != ALGORITHM:
        raise Problem("bad-key", "The only algorithm served is ES256.")
    try:
        key = load_der_public_key(_bytes(text))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Problem("bad-key") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Problem("bad-key", "The key is sound but not on the curve P-256.")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def signed_by(public_key: bytes, message: bytes, signature: str) -> bool:
    """Tell whether ``signature`` (base64url of r and s, 64 bytes) was made over ``message`` with that P-256 key."""
    try:
        return signature_fits(public_key, message, _bytes(signature))
    except ValueError:
        return False


def _bytes(text: str) -> bytes:
    """Read base64url, padded or not; raises ValueError (binascii.Error is one)."""
    bare = text.rstrip("=")
    return b64decode(bare + "=" * (-len(bare) % 4), b"-_", validate=True)
