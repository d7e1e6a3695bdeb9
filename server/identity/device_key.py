"""The public key that a handset brings to its enrolment: read, judged, put into its one canonical form."""

import binascii
from base64 import b64decode

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from server.problems import Problem

ALGORITHM = "ES256"


def canonical_key(algorithm: str, text: str) -> bytes:
    """Return the SubjectPublicKeyInfo DER (RFC 5480, uncompressed point) of a P-256 key in base64url.

    Raises bad-key. The canonical form makes "the same key" a comparison of bytes.
    """
    if algorithm != ALGORITHM:
        raise Problem("bad-key", "The only algorithm served is ES256.")
    try:
        key = load_der_public_key(
            b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), b"-_", validate=True)
        )
    except (binascii.Error, ValueError, UnsupportedAlgorithm) as error:
        raise Problem("bad-key") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Problem("bad-key", "The key is sound but not on the curve P-256.")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
