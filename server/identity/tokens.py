"""Random secrets that travel: desk tokens, enrolment codes, handset credentials. Standard library only.

The server keeps their SHA-256. They are random with 60 bits or more, so a slow hash would protect nothing.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode

DESK_PREFIX = "at_"
HANDSET_PREFIX = "hs_"
# Crockford's base32: no I, L, O or U, so that a code survives being read aloud or copied by hand.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 12
# 32 bytes as base64url without padding.
_TOKEN_LENGTH = 43
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def desk_token() -> str:
    """Return a new access token of 256 random bits."""
    return DESK_PREFIX + secrets.token_urlsafe(32)


def is_desk_token(token: str) -> bool:
    """Tell a desk's token from a handset's credential, which from the second one on is any 43 characters."""
    return token.startswith(DESK_PREFIX) and len(token) == len(DESK_PREFIX) + _TOKEN_LENGTH


def digest(secret: str) -> bytes:
    """Return what is stored in place of ``secret``: its SHA-256, 32 bytes."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def grouped_secret() -> str:
    """Return 12 random characters of base32 (60 bits) as ``XXXX-XXXX-XXXX``."""
    text = "".join(secrets.choice(ALPHABET) for _ in range(_CODE_LENGTH))
    return "-".join(text[start : start + 4] for start in range(0, _CODE_LENGTH, 4))


def normal_code(text: str) -> str | None:
    """Return an enrolment code without hyphens, spaces, case and look-alikes; None if it cannot be one."""
    code = text.upper().translate(_READ_AS)
    return code if len(code) == _CODE_LENGTH and set(code) <= set(ALPHABET) else None


def handset_credential(secret: str, code: str, public_key: bytes) -> str:
    """Return the credential that belongs to this code (normal form) and key, the same each time it is asked for.

    Derived and not random: a handset that lost the first answer gets the same one again, although only its
    SHA-256 is stored.
    """
    message = b"xuncha-enrolment\0" + code.encode("ascii") + b"\0" + public_key
    made = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return HANDSET_PREFIX + urlsafe_b64encode(made).decode("ascii").rstrip("=")
