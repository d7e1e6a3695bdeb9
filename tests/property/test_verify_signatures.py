"""verify.py's own ECDSA, Ed25519, RSA and Merkle proofs agree with `cryptography` and RFC 9162, at the edges too."""

import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from support.made_bundle import consistency, path, root

from server.casework.bundle import verify

CURVES = {"P-256": (verify.P256, ec.SECP256R1()), "P-384": (verify.P384, ec.SECP384R1())}
curves = st.sampled_from(sorted(CURVES))
L = 2**252 + 27742317777372353535851937790883648493


def secrets(order: int) -> st.SearchStrategy[int]:
    """Draw private numbers, the smallest and greatest among them."""
    return st.one_of(st.sampled_from([1, 2, 3, order - 1, order - 2]), st.integers(1, order - 1))


def believed(curve: str, key: ec.EllipticCurvePublicKey, digest: bytes, r: int, s: int) -> bool:
    """Return what OpenSSL says."""
    try:
        key.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except (InvalidSignature, ValueError):
        return False
    return True


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@given(curves, st.data())
def test_ecdsa_says_what_openssl_says(name: str, data: st.DataObject) -> None:
    curve, known = CURVES[name]
    key = ec.derive_private_key(data.draw(secrets(curve.n)), known)
    digest = hashlib.sha256(data.draw(st.binary(max_size=40))).digest()
    r, s = decode_dss_signature(key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256()))))
    at = verify.point_on(curve, point(key.public_key()))
    assert verify.ecdsa_fits(curve, at, digest, r, s)
    assert verify.ecdsa_fits(curve, at, digest, r, curve.n - s)  # ECDSA allows it, and so do servers
    edges = st.sampled_from([0, 1, -1, curve.n, curve.n - 1, curve.n + 1, r + curve.n, 2**512])
    other_r, other_s = data.draw(st.one_of(st.just(r), edges)), data.draw(st.one_of(st.just(s), edges))
    other = hashlib.sha256(data.draw(st.binary(max_size=4))).digest() if data.draw(st.booleans()) else digest
    if min(other_r, other_s) < 0:
        assert not verify.ecdsa_fits(curve, at, other, other_r, other_s)
    else:
        wanted = believed(name, key.public_key(), other, other_r, other_s)
        assert verify.ecdsa_fits(curve, at, other, other_r, other_s) == wanted


@given(st.binary(min_size=32, max_size=32), st.integers(1, 2**256 - 1), st.integers(1, 2**256 - 1))
def test_ecdsa_agrees_on_made_up_signatures(digest: bytes, r: int, s: int) -> None:
    key = ec.derive_private_key(7, ec.SECP256R1()).public_key()
    assert verify.ecdsa_fits(verify.P256, verify.point_on(verify.P256, point(key)), digest, r, s) == believed(
        "P-256", key, digest, r, s
    )


def test_ecdsa_holds_where_the_two_multiples_meet() -> None:
    curve, digest = verify.P256, hashlib.sha256(b"x").digest()
    z = int.from_bytes(digest)
    for secret in (1, curve.n - 1):  # the key is the base point, or its mirror image: the sum doubles or vanishes
        key = ec.derive_private_key(secret, ec.SECP256R1()).public_key()
        at = verify.point_on(curve, point(key))
        for r in (z, curve.n - z, 1, 2):
            assert verify.ecdsa_fits(curve, at, digest, r, 5) == believed("P-256", key, digest, r, 5)


@given(curves, st.integers(0, 2**384), st.integers(0, 2**384))
def test_a_point_off_the_curve_is_no_key(name: str, x: int, y: int) -> None:
    curve, known = CURVES[name]
    size = curve.size
    encoded = b"\4" + (x % 2 ** (8 * size)).to_bytes(size) + (y % 2 ** (8 * size)).to_bytes(size)
    with pytest.raises(ValueError, match=r"."):
        ec.EllipticCurvePublicKey.from_encoded_point(known, encoded)
    with pytest.raises(verify.Flaw):
        verify.point_on(curve, encoded)


@pytest.mark.parametrize("name", sorted(CURVES))
def test_a_coordinate_beyond_the_field_is_refused(name: str) -> None:
    curve, known = CURVES[name]
    encoded = point(ec.derive_private_key(1, known).public_key())
    for bad in (
        b"\4" + (curve.g[0]).to_bytes(curve.size) + (curve.p - 1).to_bytes(curve.size),
        b"\4" + curve.p.to_bytes(curve.size) + encoded[1 + curve.size :],
        b"\2" + encoded[1:],
        encoded[:-1],
        encoded + b"\0",
        b"\0",
        b"",
        b"\4" + bytes(2 * curve.size),
    ):
        with pytest.raises(verify.Flaw):
            verify.point_on(curve, bad)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=60), st.data())
def test_ed25519_says_what_openssl_says(seed: bytes, message: bytes, data: st.DataObject) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert verify.ed25519_fits(public, message, signature)
    forged = bytearray(signature + message)
    forged[data.draw(st.integers(0, len(forged) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert not verify.ed25519_fits(public, bytes(forged[64:]), bytes(forged[:64]))
    greater = (int.from_bytes(signature[32:], "little") + L).to_bytes(33, "little")
    assert not verify.ed25519_fits(public, message, signature[:32] + greater[:32])


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64))
def test_ed25519_agrees_on_made_up_keys(public: bytes, signature: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, b"x")
        wanted = True
    except (InvalidSignature, ValueError):
        wanted = False
    assert verify.ed25519_fits(public, b"x", signature) == wanted


@pytest.mark.parametrize("length", [0, 31, 33])
def test_an_ed25519_key_of_another_length_is_none(length: int) -> None:
    assert not verify.ed25519_fits(bytes(length), b"", bytes(64))
    assert not verify.ed25519_fits(bytes(32), b"", bytes(63))


@given(st.sampled_from(["sha256", "sha384", "sha512"]), st.binary(max_size=40), st.data())
def test_rsa_says_what_openssl_says(name: str, message: bytes, data: st.DataObject) -> None:
    numbers = RSA.public_key().public_numbers()
    algorithm = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[name]
    signature = RSA.sign(message, padding.PKCS1v15(), algorithm)
    digest = hashlib.new(name, message).digest()
    assert verify.rsa_fits(numbers.n, numbers.e, name, digest, signature)
    forged = bytearray(signature)
    forged[data.draw(st.integers(0, len(forged) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert not verify.rsa_fits(numbers.n, numbers.e, name, digest, bytes(forged))
    assert not verify.rsa_fits(numbers.n, numbers.e, name, digest[:-1] + b"\0\0", signature)
    assert not verify.rsa_fits(numbers.n, 1, name, digest, signature)


@given(st.integers(1, 70), st.data())
def test_proofs_hold_where_they_should_and_nowhere_else(size: int, data: st.DataObject) -> None:
    leaves = [hashlib.sha256(bytes([number])).digest() for number in range(size)]
    position, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    proof, steps = path(position, leaves), consistency(old, leaves)
    assert verify.included(leaves[position], position, size, proof, root(leaves))
    assert verify.consistent(old, root(leaves[:old]), size, root(leaves), steps)
    for other in range(size + 2):
        assert verify.included(leaves[position], other, size, proof, root(leaves)) == (other == position)
    assert not verify.included(leaves[position], position, size, [*proof, bytes(32)], root(leaves))
    assert not verify.included(leaves[position], -1, size, proof, root(leaves))
    assert not verify.consistent(old, root(leaves[:old]), size, root(leaves), [*steps, bytes(32)])
    assert not verify.consistent(old, bytes(32), size, root(leaves), steps)
    if steps:
        assert not verify.consistent(old, root(leaves[:old]), size, root(leaves), steps[:-1])


RSA = rsa.generate_private_key(65537, 2048)
