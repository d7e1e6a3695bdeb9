"""Checks ES256: ECDSA on P-256 with SHA-256, signatures as the 64 bytes of r and s. Knows no item and no session."""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

_COORDINATE = 32
SIGNATURE_BYTES = 2 * _COORDINATE


def signed_by(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the owner of ``public_key`` (SubjectPublicKeyInfo DER) made ``signature`` over ``message``.

    A signature of another length is nobody's. Raises TypeError for a key that is no elliptic curve key: such a key is
    never stored.
    """
    key = _loaded(public_key)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("the stored key is no elliptic curve key")
    if len(signature) != SIGNATURE_BYTES:
        return False
    r, s = int.from_bytes(signature[:_COORDINATE]), int.from_bytes(signature[_COORDINATE:])
    try:
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=4096)
def _loaded(public_key: bytes) -> PublicKeyTypes:
    """Read a key once: a handset signs hundreds of items with it, and reading costs as much as checking."""
    return load_der_public_key(public_key)
