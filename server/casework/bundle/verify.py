#!/usr/bin/env python3
"""Verifies a case bundle of Xuncha: photographs, device signatures, custody log, checkpoints, time tokens.

    python3 verify.py case.zip --log-key KEY [--tsa-cert FILE] [--known CHECKPOINT] [--json]

One file, Python 3.8 or newer, nothing but the standard library, no network; the ZIP is read, never unpacked.
Take this program from a place that you trust, not from the bundle that it is to judge. KEY is the public key of the
custody log, which you have from the operator or, better, from somebody to whom it was given before the dispute.

What is proven, and by what (docs/custody.md says it at length):

    bytes             the photograph's SHA-256 is the one that the case names
    device signature  the officer's key on that handset signed the text that declares this SHA-256, and the key stands
                      in the log since its enrolment
    in log            the log holds that the photograph was declared and that it arrived (RFC 9162 inclusion proofs)
    checkpoint        the log's size and root are signed with KEY (C2SP signed note, Ed25519)
    time token        a time authority signed that the checkpoint existed at a time (RFC 3161)
    order             the handset's numbers, chain of fingerprints and clocks do not contradict each other

Exit status: 0 all of it is right; 1 something is wrong; 2 nothing is wrong, but something could not be checked.
Whatever was not looked at is told as "not checked" and never as right.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import os
import re
import stat
import sys
import zipfile
import zlib
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

FORMAT = "xuncha-bundle/1"
COLUMNS = ("bytes", "device signature", "in log", "checkpoint", "time token", "order")
MIB = 1024 * 1024
MOST_FILES = 100_000
MOST_META = 64 * MIB  # of one JSON or text file
MOST_ORIGINAL = 1024 * MIB
MOST_META_TOTAL = 512 * MIB
CLOCK_SLACK = timedelta(minutes=2)  # handsets' clocks are no better than that
LOG_SLACK = timedelta(minutes=10)  # between several machines' clocks, and a time authority's
SIGNED_PREFIX = b"fieldsync1\0"


class Flaw(Exception):
    """Something is wrong with the bundle; the text says what."""


class Unable(Exception):
    """Something cannot be checked by this program or without more input; the text says why."""


# --- Marks: nothing is right unless a check said so, and a check that found fault is never overruled ------------------

RIGHT, ABSENT, UNCHECKED, WRONG = "right", "none", "not checked", "wrong"
_FROM_GOOD_TO_BAD = (RIGHT, ABSENT, UNCHECKED, WRONG)


class Mark:
    """The outcome of several checks: the worst of them. Untouched it is "not checked", never right."""

    def __init__(self) -> None:
        self._state: str | None = None
        self.why: list[str] = []

    @property
    def state(self) -> str:
        """Return the worst outcome so far."""
        return self._state or UNCHECKED

    def right(self) -> None:
        """Say that a check found no fault."""
        self._take(RIGHT, "")

    def absent(self, why: str) -> None:
        """Say that there is nothing to check and need not be."""
        self._take(ABSENT, why)

    def unchecked(self, why: str) -> None:
        """Say that something could not be checked."""
        self._take(UNCHECKED, why)

    def wrong(self, why: str) -> None:
        """Say that a check found a fault."""
        self._take(WRONG, why)

    def follow(self, other: Mark) -> None:
        """Take over the outcome of a check that this one rests on."""
        for why in other.why or ["" if other.state == RIGHT else "nobody looked at it"]:
            self._take(other.state, why)

    def _take(self, state: str, why: str) -> None:
        if self._state is None or _FROM_GOOD_TO_BAD.index(state) > _FROM_GOOD_TO_BAD.index(self._state):
            self._state = state
        if why and why not in self.why:
            self.why.append(why)

    def attempt(self, check: Callable[[], object]) -> None:
        """Run a check: right unless it raises."""
        try:
            check()
        except Flaw as flaw:
            self.wrong(str(flaw))
        except Unable as reason:
            self.unchecked(str(reason))
        else:
            self.right()


# --- Elliptic curves: y^2 = x^3 - 3x + b, the NIST curves (FIPS 186-5), in Jacobian coordinates -----------------------


class Curve(NamedTuple):
    """A curve: field p, coefficient b, order n (all prime, cofactor 1), base point, bytes of a coordinate."""

    p: int
    b: int
    n: int
    g: tuple[int, int]
    size: int


P256 = Curve(
    0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    (
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
    32,
)
P384 = Curve(
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF,
    0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    (
        0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
        0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
    ),
    48,
)
_BASE_WIDTH, _KEY_WIDTH = 7, 5  # of the signed windows; the base point's table is made once


def ecdsa_fits(curve: Curve, public: tuple[int, int], digest: bytes, r: int, s: int) -> bool:
    """Verify an ECDSA signature (FIPS 186-5 section 6.4.2) by a key that :func:`point_on` accepted."""
    n, p = curve.n, curve.p
    if not (0 < r < n and 0 < s < n):
        return False
    z = int.from_bytes(digest, "big") >> max(0, 8 * len(digest) - n.bit_length())
    w = pow(s, -1, n)
    x, _, square = _sum_of_multiples(curve, z * w % n, r * w % n, public)
    if square == 0:
        return False
    # x / z^2 = r mod n, without dividing: the coordinate is r or, where that is still below p, r + n.
    return (x - r * square) % p == 0 or (r + n < p and (x - (r + n) * square) % p == 0)


def point_on(curve: Curve, encoded: bytes) -> tuple[int, int]:
    """Read an uncompressed point (SEC 1 section 2.3.4); Flaw unless it lies on the curve."""
    if len(encoded) != 1 + 2 * curve.size or encoded[0] != 4:
        raise Flaw("the public key is no uncompressed point of its curve")
    x, y = int.from_bytes(encoded[1 : 1 + curve.size], "big"), int.from_bytes(encoded[1 + curve.size :], "big")
    if x >= curve.p or y >= curve.p or (y * y - (x * x - 3) * x - curve.b) % curve.p:
        raise Flaw("the public key does not lie on its curve")
    return x, y


def _sum_of_multiples(curve: Curve, u1: int, u2: int, public: tuple[int, int]) -> tuple[int, int, int]:
    """Return u1 * base + u2 * public as (X, Y, Z^2 mod p), with Z^2 = 0 for infinity (Shamir's trick)."""
    first, second = _signed_windows(u1, _BASE_WIDTH), _signed_windows(u2, _KEY_WIDTH)
    base, key = _odd_multiples(curve, curve.g, _BASE_WIDTH), _odd_multiples(curve, public, _KEY_WIDTH)
    p, point = curve.p, (0, 1, 0)
    for place in range(max(len(first), len(second)) - 1, -1, -1):
        point = _double(p, point)
        for digits, table in ((first, base), (second, key)):
            digit = digits[place] if place < len(digits) else 0
            if digit > 0:
                point = _add(p, point, table[digit >> 1])
            elif digit < 0:
                x, y = table[-digit >> 1]
                point = _add(p, point, (x, p - y))
    return point[0], point[1], point[2] * point[2] % p


def _signed_windows(k: int, width: int) -> list[int]:
    """Write k with odd digits below 2^(width-1) in size, lowest first, most of them zero (wNAF)."""
    digits: list[int] = []
    full, half = 1 << width, 1 << (width - 1)
    while k:
        digit = 0
        if k & 1:
            digit = k & (full - 1)
            if digit >= half:
                digit -= full
            k -= digit
        digits.append(digit)
        k >>= 1
    return digits


@lru_cache(maxsize=512)
def _odd_multiples(curve: Curve, point: tuple[int, int], width: int) -> tuple[tuple[int, int], ...]:
    """Return 1, 3, 5, ... times the point, as many as the digits of this width need."""
    p = curve.p
    twice = _affine(p, _double(p, (point[0], point[1], 1)))
    table = [point]
    while len(table) < 1 << (width - 2):
        table.append(_affine(p, _add(p, (table[-1][0], table[-1][1], 1), twice)))
    return tuple(table)


def _affine(p: int, point: tuple[int, int, int]) -> tuple[int, int]:
    inverse = pow(point[2], -1, p)
    return point[0] * inverse * inverse % p, point[1] * inverse * inverse * inverse % p


def _double(p: int, point: tuple[int, int, int]) -> tuple[int, int, int]:
    x, y, z = point
    delta, gamma = z * z % p, y * y % p
    beta = x * gamma % p
    alpha = 3 * (x - delta) * (x + delta) % p
    doubled = (alpha * alpha - 8 * beta) % p
    return doubled, (alpha * (4 * beta - doubled) - 8 * gamma * gamma) % p, 2 * y * z % p


def _add(p: int, point: tuple[int, int, int], other: tuple[int, int]) -> tuple[int, int, int]:
    """Add an affine point; (x, y, 0) is infinity."""
    x, y, z = point
    if z == 0:
        return other[0], other[1], 1
    square = z * z % p
    h = (other[0] * square - x) % p
    rise = (other[1] * square * z - y) % p
    if h == 0:
        return _double(p, point) if rise == 0 else (0, 1, 0)
    h2 = h * h % p
    h3, v = h * h2 % p, x * h2 % p
    added = (rise * rise - h3 - 2 * v) % p
    return added, (rise * (v - added) - y * h3) % p, z * h % p


# --- Ed25519 (RFC 8032 section 5.1), in extended coordinates ----------------------------------------------------------

_ED_P = 2**255 - 19
_ED_ORDER = 2**252 + 27742317777372353535851937790883648493
_ED_D = -121665 * pow(121666, -1, _ED_P) % _ED_P
_ED_ROOT = pow(2, (_ED_P - 1) // 4, _ED_P)
_ED_BASE = bytes([0x58]) + bytes([0x66]) * 31


def ed25519_fits(public: bytes, message: bytes, signature: bytes) -> bool:
    """Verify an Ed25519 signature: the encoding of S*B - k*A must be R, byte for byte."""
    if len(public) != 32 or len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    key, base = _ed_point(public), _ed_point(_ED_BASE)
    if s >= _ED_ORDER or key is None or base is None:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _ED_ORDER
    minus = (_ED_P - key[0], key[1], key[2], _ED_P - key[3])
    both = _ed_add(base, minus)
    total: tuple[int, int, int, int] = (0, 1, 1, 0)
    for place in range(252, -1, -1):
        total = _ed_add(total, total)
        bits = (s >> place & 1) + 2 * (k >> place & 1)
        if bits:
            total = _ed_add(total, (base, minus, both)[bits - 1])
    inverse = pow(total[2], -1, _ED_P)
    x, y = total[0] * inverse % _ED_P, total[1] * inverse % _ED_P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


def _ed_point(encoded: bytes) -> tuple[int, int, int, int] | None:
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= _ED_P:
        return None
    u, v = (y * y - 1) % _ED_P, (_ED_D * y * y + 1) % _ED_P
    x = u * v**3 * pow(u * v**7, (_ED_P - 5) // 8, _ED_P) % _ED_P
    if (v * x * x + u) % _ED_P == 0:
        x = x * _ED_ROOT % _ED_P
    if (v * x * x - u) % _ED_P or (x == 0 and sign):
        return None
    x = _ED_P - x if x & 1 != sign else x
    return x, y, 1, x * y % _ED_P


def _ed_add(one: tuple[int, int, int, int], two: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    a = (one[1] - one[0]) * (two[1] - two[0]) % _ED_P
    b = (one[1] + one[0]) * (two[1] + two[0]) % _ED_P
    c = 2 * one[3] * two[3] * _ED_D % _ED_P
    d = 2 * one[2] * two[2] % _ED_P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _ED_P, g * h % _ED_P, f * g % _ED_P, e * h % _ED_P


# --- The log: a Merkle tree (RFC 9162 section 2.1) and signed checkpoints (C2SP signed-note, tlog-checkpoint) ---------


def leaf_hash(record: bytes) -> bytes:
    """Return the hash with which a record stands in the tree."""
    return hashlib.sha256(b"\0" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node above two others."""
    return hashlib.sha256(b"\1" + left + right).digest()


def included(leaf: bytes, position: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether the proof leads from the leaf at ``position`` to the root of a tree of ``size`` (2.1.3.2)."""
    if not 0 <= position < size:
        return False
    node, last, result = position, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            result = node_hash(step, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, step)
        node, last = node >> 1, last >> 1
    return last == 0 and result == root


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether the tree of ``old`` leaves is the beginning of the tree of ``new`` leaves (2.1.4.2)."""
    if old == new:
        return not proof and old_root == new_root
    if not 0 < old < new or not proof:
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, step)
        node, last = node >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


class LogKey(NamedTuple):
    """A verifier key of a log: ``<name>+<8 hex digits>+<base64 of 0x01 and the 32 bytes of the key>``."""

    name: str
    key_id: bytes
    public: bytes

    @classmethod
    def read(cls, text: str) -> LogKey:
        """Read a key as `flask custody key` prints it; Flaw for anything else."""
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise Flaw("the log key must look like name+01234567+base64")
        name, key_id, raw = parts[0], _unhex(parts[1], 4, "the log key's id"), _unbase64(parts[2], "the log key")
        if len(raw) != 33 or raw[0] != 1:
            raise Flaw("the log key is no Ed25519 key (the byte 1, then 32 bytes)")
        if hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4] != key_id:
            raise Flaw("the log key contradicts its own id: it was mistyped")
        return cls(name, key_id, raw[1:])


class Checkpoint(NamedTuple):
    """A checkpoint as its note states it, not yet believed."""

    note: str
    origin: str
    size: int
    root: bytes
    signed: bytes
    signatures: tuple[tuple[str, bytes], ...]

    @classmethod
    def read(cls, note: str) -> Checkpoint:
        """Read a note; Flaw unless it is one of origin, size, root and signatures."""
        text, blank, below = note.rpartition("\n\n")
        lines = text.split("\n")
        if not blank or len(lines) < 3 or not lines[0] or not re.fullmatch("0|[1-9][0-9]{0,17}", lines[1]):
            raise Flaw("the checkpoint is no signed note of origin, size and root")
        root = _unbase64(lines[2], "the checkpoint's root")
        if len(root) != 32 or not below.endswith("\n"):
            raise Flaw("the checkpoint's root is no SHA-256, or its signatures are cut off")
        found = []
        for line in below[:-1].split("\n"):
            match = re.fullmatch("\u2014 (\\S+) (\\S+)", line)
            if match is None:
                raise Flaw("a signature line of the checkpoint cannot be read")
            found.append((match.group(1), _unbase64(match.group(2), "the checkpoint's signature")))
        return cls(note, lines[0], int(lines[1]), root, (text + "\n").encode(), tuple(found))

    def demand_signed(self, keys: Sequence[LogKey]) -> None:
        """Raise Flaw unless one of the keys signed it; Unable without any."""
        if not keys:
            raise Unable("no --log-key was given")
        mine = [
            (key, raw[4:])
            for key in keys
            for name, raw in self.signatures
            if self.origin.split("/", 1)[0] == name == key.name and raw[:4] == key.key_id
        ]
        if not mine:
            raise Flaw("the checkpoint carries no signature of the log key")
        if not any(ed25519_fits(key.public, self.signed, signature) for key, signature in mine):
            raise Flaw("the checkpoint's signature was not made with the log key over this text")


# --- Time tokens (RFC 3161, CMS signed data of RFC 5652), read with a small strict DER parser -------------------------

_SEQUENCE, _SET, _INTEGER, _OCTETS, _OID, _BITS = 0x30, 0x31, 0x02, 0x04, 0x06, 0x03
_HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_RSA_WITH = {"1.2.840.113549.1.1.11": "sha256", "1.2.840.113549.1.1.12": "sha384", "1.2.840.113549.1.1.13": "sha512"}
_ECDSA_WITH = {"1.2.840.10045.4.3.2": "sha256", "1.2.840.10045.4.3.3": "sha384", "1.2.840.10045.4.3.4": "sha512"}
_RSA = "1.2.840.113549.1.1.1"
_CURVES = {"1.2.840.10045.3.1.7": P256, "1.3.132.0.34": P384}
# DigestInfo up to the hash itself (RFC 8017 section 9.2, notes).
_DIGEST_INFO = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}


class Der(NamedTuple):
    """One DER value: its tag, its content, and the whole of it."""

    tag: int
    content: bytes
    whole: bytes

    def parts(self) -> list[Der]:
        """Return the values inside."""
        found, rest = [], self.content
        while rest:
            one, rest = _der(rest)
            found.append(one)
        return found

    def of(self, tag: int, what: str) -> Der:
        """Return itself if it has this tag."""
        if self.tag != tag:
            raise Flaw(f"the time token or certificate cannot be read: {what}")
        return self

    def oid(self) -> str:
        """Return an object identifier in dotted form."""
        raw = self.of(_OID, "an object identifier").content
        numbers, value = [], 0
        for byte in raw:
            value = value << 7 | byte & 127
            if not byte & 128:
                numbers.append(value)
                value = 0
        head = min(numbers[0] // 40, 2) if numbers else 0
        return ".".join(map(str, [head, numbers[0] - 40 * head, *numbers[1:]])) if numbers else ""

    def number(self) -> int:
        """Return a whole number."""
        return int.from_bytes(self.of(_INTEGER, "a number").content, "big", signed=True)


def _der(data: bytes) -> tuple[Der, bytes]:
    if len(data) < 2 or data[0] & 31 == 31:
        raise Flaw("the time token or certificate is cut off or no DER")
    length, begin = data[1], 2
    if length > 128:
        begin = 2 + (length & 127)
        length = int.from_bytes(data[2:begin], "big")
    elif length == 128:
        raise Flaw("the time token or certificate is no DER: a length is open")
    if begin > 6 or begin + length > len(data):
        raise Flaw("the time token or certificate is cut off")
    end = begin + length
    return Der(data[0], data[begin:end], data[:end]), data[end:]


def _parts(one: Der, least: int, what: str) -> list[Der]:
    found = one.of(_SEQUENCE, what).parts()
    if len(found) < least:
        raise Flaw(f"the time token or certificate cannot be read: {what}")
    return found


def _whole(data: bytes) -> Der:
    one, rest = _der(data)
    if rest:
        raise Flaw("bytes follow the time token or certificate")
    return one


class Certificate(NamedTuple):
    """What is needed of a time authority's certificate (RFC 5280); it is trusted because it was given to us."""

    der: bytes
    issuer: bytes
    serial: int
    not_before: datetime
    not_after: datetime
    key: Der
    stamps_time: bool

    @classmethod
    def read(cls, data: bytes) -> Certificate:
        """Read a certificate, PEM or DER."""
        pem = re.search(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----", data)
        der = _unbase64(b"".join(pem.group(1).split()).decode(), "the certificate") if pem else data
        fields = _parts(_parts(_whole(der), 3, "a certificate")[0], 7, "a certificate")
        fields = fields[1:] if fields[0].tag == 0xA0 else fields
        begin, end = (_asn1_time(one) for one in _parts(fields[3], 2, "a validity"))
        extensions = [part for one in fields[6:] if one.tag == 0xA3 for part in _whole(one.content).parts()]
        usages = [parts[-1].content for parts in map(Der.parts, extensions) if parts[0].oid() == "2.5.29.37"]
        purposes = [purpose.oid() for usage in usages for purpose in _whole(usage).parts()]
        return cls(der, fields[2].whole, fields[0].number(), begin, end, fields[5], "1.3.6.1.5.5.7.3.8" in purposes)


def check_token(token: bytes, texts: Sequence[bytes], certificate: Certificate | None) -> datetime:
    """Return the time at which the authority saw one of ``texts``; Flaw if the token says something else.

    Unable without a certificate: then only the hash in the token was compared.
    """
    outer = _parts(_whole(token), 2, "a time token")
    if outer[0].tag == _SEQUENCE:  # a whole answer: status, then the token
        if _parts(outer[0], 1, "a status")[0].number() not in (0, 1):
            raise Flaw("the time authority refused: this is no token")
        outer = _parts(outer[1], 2, "a time token")
    if outer[0].oid() != "1.2.840.113549.1.7.2":
        raise Flaw("the time token is no signed data")
    signed = _parts(_whole(outer[1].content), 4, "signed data")
    content = _parts(signed[2], 2, "signed content")
    if content[0].oid() != "1.2.840.113549.1.9.16.1.4":
        raise Flaw("the time token signs something else than a time")
    stated = _whole(content[1].content).of(_OCTETS, "signed content").content
    info = _parts(_whole(stated), 5, "a time statement")
    imprint = _parts(info[2], 2, "an imprint")
    if _parts(imprint[0], 1, "an imprint")[0].oid() != "2.16.840.1.101.3.4.2.1":
        raise Unable("the time token hashes with another algorithm than SHA-256")
    if imprint[1].content not in [hashlib.sha256(text).digest() for text in texts]:
        raise Flaw("the time token is about another checkpoint")
    moment = _asn1_time(info[4])
    signers = signed[-1].of(_SET, "signers").parts()
    if len(signers) != 1:
        raise Flaw("the time token needs exactly one signer")
    if certificate is None:
        raise Unable("no --tsa-cert was given")
    _check_signer(_parts(signers[0], 6, "a signer"), stated, moment, certificate)
    return moment


def _check_signer(signer: list[Der], stated: bytes, moment: datetime, certificate: Certificate) -> None:
    if signer[1].tag == _SEQUENCE:
        issuer, serial = _parts(signer[1], 2, "a signer's name")[:2]
        if issuer.whole != certificate.issuer or serial.number() != certificate.serial:
            raise Flaw("the time token was signed by another certificate than the one given with --tsa-cert")
    if not certificate.stamps_time:
        raise Flaw("the certificate given with --tsa-cert is not one for time stamps")
    if not certificate.not_before <= moment <= certificate.not_after:
        raise Flaw("the time authority's certificate was not valid at the time of the token")
    digest_name = _known(_HASHES, _parts(signer[2], 1, "a hash")[0].oid(), "hash")
    attributes = {}
    for one in signer[3].of(0xA0, "signed attributes").parts():
        name, values = _parts(one, 2, "a signed attribute")[:2]
        attributes[name.oid()] = values.of(_SET, "a signed attribute").parts()
    kind, digest = attributes.get("1.2.840.113549.1.9.3"), attributes.get("1.2.840.113549.1.9.4")
    if not kind or kind[0].oid() != "1.2.840.113549.1.9.16.1.4":
        raise Flaw("the time token's signed attributes name another content")
    if not digest or digest[0].content != hashlib.new(digest_name, stated).digest():
        raise Flaw("the time token's signature covers another time statement")
    _check_named_certificate(attributes, certificate)
    text = bytes([_SET]) + signer[3].whole[1:]  # signed as SET OF (RFC 5652 section 5.4)
    _check_signature(signer[4], digest_name, text, signer[5].of(_OCTETS, "a signature").content, certificate.key)


def _check_named_certificate(attributes: dict[str, list[Der]], certificate: Certificate) -> None:
    """Compare the hash by which the token names its certificate (RFC 2634, RFC 5816)."""
    for oid, usual in (("1.2.840.113549.1.9.16.2.12", "sha1"), ("1.2.840.113549.1.9.16.2.47", "sha256")):
        if attributes.get(oid):
            named = _parts(_parts(_parts(attributes[oid][0], 1, "a named certificate")[0], 1, "it")[0], 1, "it")
            name = usual
            if named[0].tag == _SEQUENCE:
                name = _known(_HASHES, _parts(named[0], 1, "a hash")[0].oid(), "hash")
                named = named[1:]
            if not named or named[0].content != hashlib.new(name, certificate.der).digest():
                raise Flaw("the time token names another certificate than the one given with --tsa-cert")
            return
    raise Flaw("the time token does not name its certificate")


def _check_signature(algorithm: Der, digest_name: str, text: bytes, signature: bytes, key: Der) -> None:
    oid = _parts(algorithm, 1, "an algorithm")[0].oid()
    kind, bits = _parts(key, 2, "a public key")[:2]
    names = [part.oid() for part in kind.parts() if part.tag == _OID]
    raw = bits.of(_BITS, "a public key").content[1:]
    if oid == _RSA or oid in _RSA_WITH:
        name = _RSA_WITH.get(oid, digest_name)
        n, e = (one.number() for one in _parts(_whole(raw), 2, "an RSA key")[:2])
        fits = names[:1] == [_RSA] and rsa_fits(n, e, name, hashlib.new(name, text).digest(), signature)
    elif oid in _ECDSA_WITH and len(names) == 2:
        curve = _known(_CURVES, names[1], "curve")
        r, s = (one.number() for one in _parts(_whole(signature), 2, "a signature")[:2])
        fits = ecdsa_fits(curve, point_on(curve, raw), hashlib.new(_ECDSA_WITH[oid], text).digest(), r, s)
    else:
        raise Unable(f"the time token is signed in a way that this program does not know ({oid})")
    if not fits:
        raise Flaw("the time token's signature was not made by the certificate given with --tsa-cert")


def rsa_fits(n: int, e: int, name: str, digest: bytes, signature: bytes) -> bool:
    """Verify RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2.2) by building the one right padding; 2048 bits at least."""
    length = (n.bit_length() + 7) // 8
    if n.bit_length() < 2048 or e < 3 or e.bit_length() > 64 or len(signature) != length:
        return False
    number = int.from_bytes(signature, "big")
    tail = _DIGEST_INFO[name] + digest
    wanted = b"\0\1" + b"\xff" * (length - len(tail) - 3) + b"\0" + tail
    return number < n and pow(number, e, n).to_bytes(length, "big") == wanted


def _asn1_time(one: Der) -> datetime:
    text = one.content.decode("ascii", "replace")
    match = re.fullmatch(r"(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d{1,6})\d*)?Z", text)
    if match is None or (one.tag, len(match.group(1))) not in ((0x17, 2), (0x18, 4)):
        raise Flaw("a time in the time token or certificate cannot be read")
    year = int(match.group(1))
    if one.tag == 0x17:
        year += 2000 if year < 50 else 1900
    rest = [int(match.group(place)) for place in range(2, 7)]
    return _moment(year, *rest, fraction=match.group(7) or "0")


def _known(table: dict[str, Any], oid: str, what: str) -> Any:  # noqa: ANN401 (whatever the table holds)
    if oid not in table:
        raise Unable(f"the time token uses a {what} that this program does not know ({oid})")
    return table[oid]


# --- Reading: texts, numbers and JSON from strangers ------------------------------------------------------------------


def _moment(*parts: int, fraction: str) -> datetime:
    try:
        return datetime(*parts[:6], int(fraction.ljust(6, "0")[:6]), tzinfo=timezone.utc)  # type: ignore[arg-type, misc]  # year to second, as matched
    except ValueError:
        raise Flaw("a time names no day or hour that exists") from None


def read_time(text: str) -> datetime:
    """Read an ISO 8601 instant with a zone, in UTC (Python before 3.11 reads only some of them)."""
    match = re.fullmatch(
        r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,6})\d*)?(Z|[+-]\d\d(?::?\d\d)?)", text
    )
    if match is None:
        raise Flaw(f"{shown(text)} is no time with a zone")
    moment = _moment(*(int(match.group(place)) for place in range(1, 7)), fraction=match.group(7) or "0")
    zone = match.group(8).replace(":", "")
    if zone != "Z":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5] or 0))
        try:
            moment = moment + offset if zone[0] == "-" else moment - offset
        except OverflowError:
            raise Flaw(f"{shown(text)} lies outside of the calendar") from None
    return moment


def shown(text: object) -> str:
    """Return text of a stranger for a terminal: no control characters, not too long."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in str(text))
    return plain if len(plain) <= 200 else plain[:199] + "\u2026"


def _unhex(text: str, length: int, what: str) -> bytes:
    if not re.fullmatch(f"[0-9a-f]{{{2 * length}}}", text):
        raise Flaw(f"{what} must be {2 * length} lower-case hex digits")
    return bytes.fromhex(text)


def _unbase64(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Flaw(f"{what} is not base64") from None


def read_json(data: bytes, what: str) -> dict[str, Any]:
    """Parse one JSON object; Flaw for anything that two readers could read differently."""
    try:
        found = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_once,
            parse_int=_sane_number,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise Flaw(f"{what} is not JSON in UTF-8") from None
    if not isinstance(found, dict):
        raise Flaw(f"{what} is no JSON object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Flaw("an object names a member twice, which two readers may read differently")
    return found


def _sane_number(text: str) -> int:
    if len(text) > 20:
        raise Flaw("a number is too long to be one")
    return int(text)


def _no_constant(name: str) -> NoReturn:
    raise Flaw(f"{name} is not JSON")


class Doc:
    """A JSON object whose members are taken by name and kind; a missing or wrong one is a Flaw that names it."""

    def __init__(self, members: object, what: str) -> None:
        if not isinstance(members, dict):
            raise Flaw(f"{what} is no object")
        self.members: dict[str, Any] = members
        self.what = what

    def text(self, name: str) -> str:
        """Return a text."""
        return str(self._of(name, str, "a text"))

    def text_or_none(self, name: str) -> str | None:
        """Return a text, or None where there is none."""
        return None if self.members.get(name) is None else self.text(name)

    def number(self, name: str) -> int:
        """Return a whole number, zero or more."""
        value = self._of(name, int, "a whole number")
        if isinstance(value, bool) or value < 0:
            raise Flaw(f"{self.what}: {name} must be a whole number")
        return int(value)

    def listed(self, name: str) -> list[Any]:
        """Return a list."""
        return list(self._of(name, list, "a list"))

    def docs(self, name: str) -> list[Doc]:
        """Return a list of objects."""
        return [Doc(one, f"{self.what}, {name}") for one in self.listed(name)]

    def doc(self, name: str) -> Doc:
        """Return an object."""
        return Doc(self.members.get(name), f"{self.what}, {name}")

    def flag(self, name: str) -> bool:
        """Return true or false."""
        return bool(self._of(name, bool, "true or false"))

    def pair(self, name: str) -> tuple[str, str]:
        """Return a list of exactly two texts."""
        value = self.listed(name)
        if len(value) != 2 or not all(isinstance(part, str) for part in value):
            raise Flaw(f"{self.what}: {name} must be two texts")
        return value[0], value[1]

    def _of(self, name: str, kind: type, called: str) -> Any:  # noqa: ANN401 (a value of JSON)
        value = self.members.get(name)
        if not isinstance(value, kind):
            raise Flaw(f"{self.what}: {name} must be {called}")
        return value


# --- The files of a bundle, from the ZIP or from a folder; nothing is ever written ------------------------------------


class Files:
    """The regular files of a bundle by name, with their sizes; what is odd about them is told in ``flaws``."""

    def __init__(self) -> None:
        self.flaws: list[str] = []
        self.sizes: dict[str, int] = {}
        self.refused: dict[str, str] = {}
        self._folded: dict[str, str] = {}

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield the file's bytes; Flaw if they cannot be read or are more than the bundle said."""
        raise NotImplementedError

    def take(self, name: str, size: int) -> None:
        """Accept a file under a name that is safe and, on any file system, its own."""
        parts = name.split("/")
        if not name.isprintable() or set(name) & set('\\:*?"<>|') or any(part in ("", ".", "..") for part in parts):
            self.refuse(name, f"{shown(name)!r} is not a name that a bundle may have")
        elif name.casefold() in self._folded:
            first = self._folded[name.casefold()]
            self.sizes.pop(first, None)  # which of the two is meant, nobody can say
            self.refuse(first, f"{shown(name)} stands twice in the bundle")
        elif size > (MOST_ORIGINAL if name.startswith("originals/") else MOST_META):
            self.refuse(name, f"{shown(name)} is larger than such a file may be")
        else:
            self.sizes[name] = size
        self._folded.setdefault(name.casefold(), name)

    def refuse(self, name: str, why: str) -> None:
        """Leave a file unread, because of what is odd about it."""
        self.refused[name] = why
        self.flaws.append(why)


class Zipped(Files):
    """A bundle as it was handed over."""

    def __init__(self, path: str) -> None:
        super().__init__()
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise Flaw(f"this is no ZIP file that can be read: {shown(error)}") from None
        entries = self._zip.infolist()
        if len(entries) > MOST_FILES or sum(one.compress_size for one in entries) > os.path.getsize(path):
            raise Flaw("the ZIP file holds more than it has bytes for: it was made to harm")
        for one in entries:
            if one.flag_bits & 1 or one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                self.refuse(one.filename, f"{shown(one.filename)} is encrypted or packed in an unknown way")
            elif one.orig_filename != one.filename or stat.S_ISLNK(one.external_attr >> 16):
                self.refuse(one.filename, f"{shown(one.orig_filename)} is a link, or its name is not what it seems")
            elif one.filename.startswith("originals/") and one.compress_type != zipfile.ZIP_STORED:
                self.refuse(one.filename, f"{shown(one.filename)} is packed; originals lie in a bundle as they are")
            else:
                self.take(one.filename, one.file_size)

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield the file in pieces; see Files."""
        left = self.sizes[name]
        try:
            with self._zip.open(name) as stream:
                block = stream.read(MIB)
                while block:
                    left -= len(block)
                    if left < 0:
                        raise Flaw(f"{shown(name)} is longer than the ZIP file says")
                    yield block
                    block = stream.read(MIB)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
            raise Flaw(f"{shown(name)} is damaged in the ZIP file: {shown(error)}") from None
        if left:
            raise Flaw(f"{shown(name)} is shorter than the ZIP file says")


class Folder(Files):
    """A bundle that somebody unpacked."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._root = path
        for folder, folders, names in os.walk(path):
            for name in names + [each for each in folders if os.path.islink(os.path.join(folder, each))]:
                full = os.path.join(folder, name)
                inner = os.path.relpath(full, path).replace(os.sep, "/")
                if stat.S_ISREG(os.lstat(full).st_mode):
                    self.take(inner, os.path.getsize(full))
                else:
                    self.refuse(inner, f"{shown(inner)} is a link or no file")

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield the file in pieces; see Files."""
        try:
            with open(os.path.join(self._root, *name.split("/")), "rb") as stream:
                block = stream.read(MIB)
                while block:
                    yield block
                    block = stream.read(MIB)
        except OSError as error:
            raise Flaw(f"{shown(name)} cannot be read: {shown(error)}") from None


class Content:
    """What the files hold: the SHA-256 of each, and the bytes of all but the originals."""

    def __init__(self, files: Files) -> None:
        self.flaws = list(files.flaws)
        self.digests: dict[str, str] = {}
        self.damage: dict[str, str] = dict(files.refused)
        self._kept: dict[str, bytes] = {}
        room = MOST_META_TOTAL
        for name in files.sizes:
            digest, kept = hashlib.sha256(), []
            try:
                for block in files.blocks(name):
                    digest.update(block)
                    if not name.startswith("originals/"):
                        kept.append(block)
                        room -= len(block)
                        if room < 0:
                            raise Flaw("the bundle's texts are larger than a case can be: it was made to harm")  # noqa: TRY301 (it ends the reading, not this file only)
            except Flaw as flaw:
                if room < 0:
                    raise
                self.damage[name] = str(flaw)
                self.flaws.append(str(flaw))
            else:
                self.digests[name] = digest.hexdigest()
                self._kept[name] = b"".join(kept)

    def bytes_of(self, name: str) -> bytes:
        """Return what a file holds; Flaw if it is missing or damaged."""
        if name not in self._kept:
            raise Flaw(self.damage.get(name, f"{shown(name)} is not in the bundle"))
        return self._kept[name]

    def json(self, name: str) -> Doc:
        """Return a file that holds a JSON object."""
        return Doc(read_json(self.bytes_of(name), name), name)


# --- The log's events -------------------------------------------------------------------------------------------------


class Event:
    """A record of the log, proven or not; of a lawfully disposed one only its leaf is left (``kind`` is empty)."""

    def __init__(self, given: Doc, log: Log) -> None:
        self.log = log
        self.mark = Mark()
        self.position = given.number("position")
        record = given.text_or_none("record")
        leaf = _unhex(given.text("leaf"), 32, "a leaf") if record is None else leaf_hash(record.encode())
        self.id = given.text("id")
        self.kind, self.subject, self.facts = "", ("", ""), Doc({}, "a disposed record")
        self.at: datetime | None = None
        self.actor: str | None = None
        self.install: str | None = None
        proof = [_unhex(str(step), 32, "a proof's hash") for step in given.listed("proof")]
        self.mark.attempt(lambda: self._demand_included(leaf, proof))
        if record is not None:
            self._read(Doc(read_json(record.encode(), "a record of the log"), "a record of the log"))

    def _read(self, said: Doc) -> None:
        if said.text("id") != self.id:
            self.mark.wrong(f"the record at position {self.position} has another id than log.json says")
        self.kind, self.subject, self.at = said.text("kind"), said.pair("subject"), read_time(said.text("at"))
        self.actor, self.install = said.text_or_none("actor"), said.text_or_none("install")
        self.facts = Doc(read_json(said.text("facts").encode(), "a record's facts"), f"the record {self.kind}")

    def _demand_included(self, leaf: bytes, proof: Sequence[bytes]) -> None:
        if not included(leaf, self.position, self.log.size, proof, self.log.root):
            raise Flaw(f"the record at position {self.position} is not in the log {self.log.origin}: its proof fails")


class Log:
    """One log of the chain: a restore from a backup begins another one, whose first record embeds the one before."""

    def __init__(self, given: Doc, keys: Sequence[LogKey], certificate: Certificate | None) -> None:
        self.origin, self.size = given.text("origin"), given.number("size")
        self.root = _unhex(given.text("root"), 32, "a log's root")
        self.checkpoint, self.time = Mark(), Mark()
        self.token_time: datetime | None = None
        self.flaws: list[str] = []
        self.notes: list[str] = []
        self._keys = keys
        self.roots = {self.size: self.root}
        note = given.text_or_none("checkpoint")
        if note is not None:
            self.checkpoint.attempt(lambda: self._judge(note or ""))
            token = given.text_or_none("time_token")
            if token is None and certificate is None:
                self.time.absent("the checkpoint carries no time token, so its time is the operator's word")
            else:
                self.time.attempt(lambda: self._judge_token(token, note or "", certificate))
        self.events = self._read_events(given)
        self._judge_earlier(given)

    def _judge(self, note: str) -> None:
        found = Checkpoint.read(note)
        if (found.origin, found.size, found.root) != (self.origin, self.size, self.root):
            raise Flaw(f"the checkpoint of {shown(self.origin)} is about another log, size or root")
        found.demand_signed(self._keys)

    def _judge_token(self, token: str | None, note: str, certificate: Certificate | None) -> None:
        if token is None:
            raise Unable("the checkpoint carries no time token")
        texts = (note.encode(), Checkpoint.read(note).signed)
        self.token_time = check_token(_unbase64(token, "the time token"), texts, certificate)

    def _read_events(self, given: Doc) -> list[Event]:
        found: list[Event] = []
        for one in given.docs("events"):
            try:
                found.append(Event(one, self))
            except Flaw as flaw:
                self.flaws.append(str(flaw))
        positions, ids = [one.position for one in found], [one.id for one in found]
        if len(set(positions)) < len(found) or len(set(ids)) < len(found):
            self.flaws.append(f"two records of {shown(self.origin)} claim the same place or the same id")
        found.sort(key=lambda one: one.position)
        latest: datetime | None = None
        for event in found:
            if event.at is None:
                continue
            if latest is not None and event.at < latest - LOG_SLACK:
                self.notes.append(f"the record at position {event.position} is dated before records that precede it")
            latest = event.at if latest is None else max(latest, event.at)
        if self.token_time and latest and latest > self.token_time + LOG_SLACK:
            self.time.wrong("the log holds records dated after the time at which the token saw it")
        return found

    def _judge_earlier(self, given: Doc) -> None:
        """Earlier checkpoints must be beginnings of this log: else somebody showed two histories (a fork)."""
        for one in given.docs("earlier"):
            mark = Mark()
            mark.attempt(lambda each=one: self._demand_beginning(each))  # type: ignore[misc]  # bound now, called now
            if mark.state == WRONG:
                self.checkpoint.wrong("; ".join(mark.why))

    def _demand_beginning(self, given: Doc) -> None:
        old = Checkpoint.read(given.text("checkpoint"))
        proof = [_unhex(str(step), 32, "a proof's hash") for step in given.listed("consistency")]
        if old.origin != self.origin or not consistent(old.size, old.root, self.size, self.root, proof):
            raise Flaw(f"an earlier checkpoint (size {old.size}) is no beginning of this log: the log was rewritten")
        if any(raw[:4] == key.key_id for key in self._keys for _, raw in old.signatures):
            old.demand_signed(self._keys)
            self.roots[old.size] = old.root

    def compare(self, known: Checkpoint) -> None:
        """Compare with a checkpoint that was known outside; Flaw if the two histories differ."""
        known.demand_signed(self._keys)
        if known.size in self.roots:
            if self.roots[known.size] != known.root:
                raise Flaw(f"a checkpoint known outside (size {known.size}) contradicts the bundle: the log has a fork")
        elif known.size > self.size:
            raise Flaw(f"a checkpoint known outside is of size {known.size}, the bundle's log ends at {self.size}")
        else:
            raise Unable(f"the bundle has no proof from the known checkpoint of size {known.size}: ask for one")


def chain(logs: list[Log]) -> None:
    """Let each log's first record vouch for the log before it; what a restore lost is told."""
    for former, log in zip(logs, logs[1:]):
        opened = next((one for one in log.events if one.position == 0 and one.kind == "log_opened"), None)
        if opened is None:
            former.checkpoint.wrong(f"the log {shown(log.origin)} does not begin with a record about the one before")
            continue
        former.checkpoint.attempt(lambda f=former, o=opened: _demand_embedded(f, o.facts))  # type: ignore[misc]  # bound now, called now
        former.checkpoint.follow(opened.mark)
    for former, log in reversed(list(zip(logs, logs[1:]))):
        former.checkpoint.follow(log.checkpoint)
        former.time.follow(log.time)


def _demand_embedded(former: Log, facts: Doc) -> None:
    size, root = facts.number("former_size"), facts.text("former_root")
    if (facts.text("former_origin"), size, root) != (former.origin, former.size, former.root.hex()):
        raise Flaw(f"the log after {shown(former.origin)} embeds another size or root of it")
    former.notes.append(f"the log ended at {former.size} records, when a backup was restored")
    for note in facts.listed("outside"):
        outside = Checkpoint.read(str(note))
        if outside.origin == former.origin and outside.size > size:
            former.notes.append(
                f"the restore lost records {size} to {outside.size - 1} of it, which were known outside"
            )
        elif outside.size == size and outside.root != former.root:
            raise Flaw(f"a checkpoint of {shown(former.origin)} known outside contradicts it: the log has a fork")


# --- Devices' keys, and the texts that they signed --------------------------------------------------------------------

_SPKI_P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
_SPKI_ED25519 = bytes.fromhex("302a300506032b6570032100")
ENROLMENTS = ("enrolled", "enrolled_again", "officer_joined")


class DeviceKey:
    """The key of one officer on one handset, proven by the log's record of the enrolment."""

    def __init__(self, given: Doc, events: dict[str, Event]) -> None:
        self.mark = Mark()
        self.place = (given.text("install_id"), given.text("officer_id"))
        self.algorithm = given.text("alg")
        self.spki = _unbase64(given.text("spki"), "a device key")
        event = events.get(given.text("enrolled_event"))
        self.event = event
        if event is None:
            self.mark.wrong("the record of the handset's enrolment is not in the bundle's log")
            return
        self.mark.attempt(lambda: self._demand_enrolled(event))
        self.mark.follow(event.mark)

    def _demand_enrolled(self, event: Event) -> None:
        told = (event.facts.text("public_key"), event.facts.text("algorithm"), event.facts.text("officer_id"))
        if event.kind not in ENROLMENTS or event.subject != ("install", self.place[0]):
            raise Flaw("the record named as the handset's enrolment is another one")
        if told != (self.spki.hex(), self.algorithm, self.place[1]):
            raise Flaw("the log's record of the enrolment names another key, algorithm or officer")

    def fits(self, message: bytes, signature: bytes) -> bool:
        """Verify a signature of 64 bytes; Flaw for a key that is none, Unable for an unknown algorithm."""
        if self.algorithm == "ES256":
            if len(self.spki) != 91 or not self.spki.startswith(_SPKI_P256):
                raise Flaw("the device key is no P-256 key")
            point = point_on(P256, self.spki[len(_SPKI_P256) :])
            r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            return len(signature) == 64 and ecdsa_fits(P256, point, hashlib.sha256(message).digest(), r, s)
        if self.algorithm in ("EdDSA", "Ed25519"):
            if len(self.spki) != 44 or not self.spki.startswith(_SPKI_ED25519):
                raise Flaw("the device key is no Ed25519 key")
            return ed25519_fits(self.spki[len(_SPKI_ED25519) :], message, signature)
        raise Unable(f"device keys of the kind {shown(self.algorithm)} are not known to this program")


class Item:
    """What a handset sent: of this case with its whole text, of a neighbour in the handset's order only the head.

    The signature covers install and fingerprint, so even a head without text is proven to have existed; its number,
    predecessor and clocks are then the operator's word.
    """

    def __init__(self, path: str, content: Content, keys: dict[tuple[str, str], DeviceKey]) -> None:
        given = content.json(path + ".json")
        self.given, self.path = given, path
        self.install, self.id = given.text("install_id"), given.text("item_id")
        self.officer, self.fingerprint = given.text("officer_id"), given.text("fingerprint")
        self.dseq, self.prev = given.number("dseq"), given.text_or_none("prev")
        self.whole = given.flag("text")
        self.captured = Doc(given.members.get("captured") or {}, path)
        self.signature, self.order = Mark(), Mark()
        self.body: Doc | None = None
        self.key = keys.get((self.install, self.officer))
        if path != f"items/{self.install}/{self.id}":
            self.signature.wrong(f"{path}.json lies under another name than its own")
        self.signature.attempt(self._demand_signed)
        if self.key is not None:
            self.signature.follow(self.key.mark)
        if self.whole:
            self.signature.attempt(lambda: self._read_text(content.bytes_of(path + ".body")))

    def _demand_signed(self) -> None:
        if self.key is None:
            raise Flaw("the bundle holds no key of this officer on this handset")
        sig = self.given.doc("sig")
        if sig.text("alg") != self.key.algorithm:
            raise Flaw("the signature names another algorithm than the device key")
        value = sig.text("value").rstrip("=").replace("-", "+").replace("_", "/")
        raw = _unbase64(value + "=" * (-len(value) % 4), "the device signature")
        _unhex(self.fingerprint, 32, "a fingerprint")
        if not self.key.fits(SIGNED_PREFIX + self.install.encode() + self.fingerprint.encode(), raw):
            raise Flaw("the signature was not made with this officer's key over this text")

    def _read_text(self, text: bytes) -> None:
        if hashlib.sha256(text).hexdigest() != self.fingerprint:
            raise Flaw("the text is not the one that was signed: its SHA-256 differs from the fingerprint")
        body = Doc(read_json(text, "the signed text"), "the signed text")
        signed = (body.text("id").lower(), body.text("officer_id").lower(), body.number("dseq"))
        if signed != (self.id, self.officer, self.dseq) or body.text_or_none("prev") != self.prev:
            raise Flaw("its head names another id, officer, number or predecessor than the signed text")
        if (body.members.get("captured") or {}) != self.captured.members:
            raise Flaw("its head states other clocks than the signed text")
        self.body = body

    def photos(self) -> list[Doc]:
        """Return the photographs that the signed text declares."""
        payload = self.body.members.get("payload") if self.body else None
        declared = payload.get("photos") if isinstance(payload, dict) else None
        if not isinstance(declared, list):
            return []
        return [Doc(one, "a photograph of the signed text") for one in declared if isinstance(one, dict)]

    def wall(self) -> datetime | None:
        """Return when the handset says that it was recorded, in UTC; None if it says nothing readable."""
        try:
            return read_time(self.captured.text("wall"))
        except Flaw:
            return None

    def called(self) -> str:
        """Name the item in a sentence."""
        return f"no. {self.dseq} of handset {self.install[:8]}"


# --- The order of what one handset sent -------------------------------------------------------------------------------


def check_order(items: list[Item], absent: dict[tuple[str, int], str], lost_prev: Sequence[str]) -> None:
    """Judge the numbers, the chain and the clocks of one handset's items; the outcome stands in each one's order.

    ``absent``: numbers of which the operator says that the server never had them; ``lost_prev``: fingerprints that
    signed texts name as predecessors and the server never had.
    """
    items.sort(key=lambda one: (one.dseq, one.id))
    for one, after in zip(items, items[1:]):
        if one.dseq == after.dseq:
            for each in (one, after):
                each.order.wrong(f"two texts claim to be {one.called()}")
    numbers = {one.dseq: one for one in items}
    for one in items:
        if one.whole:
            _check_number(one, numbers, absent)
            _check_chain(one, items, lost_prev)
        before = numbers.get(one.dseq - 1) or next((each for each in reversed(items) if each.dseq < one.dseq), None)
        if before is not None:
            _check_clocks(before, one)
        if one.signature.state == WRONG:
            one.order.unchecked("the signature over its number and clocks is wrong")
        one.order.right()


def _check_number(one: Item, numbers: dict[int, Item], absent: dict[tuple[str, int], str]) -> None:
    if one.dseq < 1:
        one.order.wrong("a handset's numbers begin at 1")
    elif one.dseq > 1 and one.dseq - 1 not in numbers:
        if (one.install, one.dseq - 1) in absent:
            one.order.unchecked(f"the number before it, {one.dseq - 1}, never reached the server: a gap")
        else:
            one.order.wrong(f"the number before it, {one.dseq - 1}, is missing from the bundle: a gap")


def _check_chain(one: Item, items: list[Item], lost_prev: Sequence[str]) -> None:
    mine = [each for each in items if each.officer == one.officer and each.dseq < one.dseq]
    last = mine[-1] if mine else None
    if last is None and one.prev is None:
        return
    if one.prev is None and last is not None:
        one.order.wrong(f"it claims to be this officer's first, but {last.called()} comes before it")
    elif last is not None and last.fingerprint == one.prev:
        return
    elif any(each.fingerprint == one.prev for each in items):
        one.order.wrong("its chain skips or reverses a text of the same officer: it was put in later")
    elif one.prev in lost_prev:
        one.order.unchecked("the text that it names as the one before never reached the server")
    else:
        one.order.wrong("the text that it names as the one before is not in the bundle")


def _check_clocks(before: Item, one: Item) -> None:
    """Compare two clocks: a later number was not recorded earlier. Uptime decides within one boot, else the wall."""
    boots = before.captured.members.get("boot_id"), one.captured.members.get("boot_id")
    ticks = before.captured.members.get("mono_ms"), one.captured.members.get("mono_ms")
    same_boot = boots[0] is not None and boots[0] == boots[1]
    if same_boot and isinstance(ticks[0], int) and isinstance(ticks[1], int) and ticks[1] < ticks[0]:
        one.order.wrong(f"back-dated: the handset's uptime is less than at {before.called()}, which precedes it")
    earlier, wall = before.wall(), one.wall()
    if wall is None:
        if one.whole:
            one.order.unchecked("the handset stated no readable time of capture")
    elif earlier is not None and wall < earlier - CLOCK_SLACK:
        one.order.wrong(
            f"back-dated, or the clock was set back: it says {_minute(wall)}, but {before.called()}, "
            f"which precedes it, says {_minute(earlier)}"
        )


def _minute(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%SZ")


# --- The judgement ----------------------------------------------------------------------------------------------------


class Photo:
    """One photograph of the case as case.json states it, and what became of each check."""

    def __init__(self, given: Doc, number: int) -> None:
        self.given, self.number = given, number
        self.marks = {column: Mark() for column in COLUMNS}
        self.id, self.sha256, self.role = given.text("id"), given.text("sha256"), given.text("role")
        self.item = given.pair("item")
        self.present = given.flag("present")
        self.file = given.text_or_none("file")


class Judgement:
    """Everything that was found about one bundle."""

    def __init__(
        self, files: Files, keys: Sequence[LogKey], certificate: Certificate | None, known: list[Checkpoint]
    ) -> None:
        self.content = Content(files)
        self.whole = {name: Mark() for name in ("files", "export record", "custody log", "records")}
        self.notes: list[str] = []
        self.case = self.content.json("case.json")
        if self.case.text("format") != FORMAT:
            raise Flaw(f"this program reads {FORMAT}, not {shown(self.case.text('format'))}")
        self.photos = [Photo(one, number) for number, one in enumerate(self.case.docs("evidence"), 1)]
        self.logs = [Log(one, keys, certificate) for one in self.content.json("log.json").docs("logs")]
        chain(self.logs)
        self.events = {event.id: event for log in self.logs for event in log.events}
        self.keys = self._read_keys()
        self.items = self._read_items()
        self._judge_log(known)
        self._judge_files()
        self._judge_export()
        self._judge_order()
        for photo in self.photos:
            self._judge_photo(photo)
        self._judge_records()

    # Reading

    def _read_keys(self) -> dict[tuple[str, str], DeviceKey]:
        found: dict[tuple[str, str], DeviceKey] = {}
        for one in self.content.json("keys.json").docs("keys"):
            key = DeviceKey(one, self.events)
            if key.place in found:
                raise Flaw("keys.json names two keys of one officer on one handset")
            found[key.place] = key
        return found

    def _read_items(self) -> dict[tuple[str, str], Item]:
        found: dict[tuple[str, str], Item] = {}
        for name in sorted(self.content.digests):
            path, extension = os.path.splitext(name)
            if not name.startswith("items/"):
                continue
            if extension == ".json":
                try:
                    item = Item(path, self.content, self.keys)
                except Flaw as flaw:
                    self.whole["records"].wrong(str(flaw))
                    continue
                found[item.install, item.id] = item
            elif extension != ".body" or path + ".json" not in self.content.digests:
                self.whole["files"].wrong(f"{shown(name)} belongs to no record of the bundle")
        return found

    # The bundle as a whole

    def _judge_log(self, known: list[Checkpoint]) -> None:
        mark = self.whole["custody log"]
        if not self.logs:
            mark.wrong("log.json holds no log")
        origins = [log.origin for log in self.logs]
        if len(set(origins)) < len(origins):
            mark.wrong("a log stands twice in log.json")
        if len(self.events) < sum(len(log.events) for log in self.logs):
            mark.wrong("two logs claim the same record")
        for log in self.logs:
            for flaw in log.flaws:
                mark.wrong(flaw)
            for note in log.notes:
                self.notes.append(f"{log.origin}: {note}")
            for event in log.events:
                if event.mark.state != RIGHT:
                    mark.follow(event.mark)
        self._judge_known(known)
        for log in self.logs:
            mark.follow(log.checkpoint)
        self._judge_stated()

    def _judge_known(self, known: list[Checkpoint]) -> None:
        by_origin = {log.origin: log for log in self.logs}
        for one in known:
            log = by_origin.get(one.origin)
            if log is None:
                self.whole["custody log"].unchecked(f"a known checkpoint is of {shown(one.origin)}, not in the bundle")
            else:
                log.checkpoint.attempt(lambda each=one, of=log: of.compare(each))  # type: ignore[misc]  # bound now, called now

    def _judge_stated(self) -> None:
        """Every record that the case names must be in log.json, at its place and with its hash: none was taken out."""
        places = {(event.log.origin, event.position): event for event in self.events.values()}
        for one in self.case.docs("events"):
            event = places.get((one.text("origin"), one.number("position")))
            if event is not None and event.id == one.text("id"):
                continue
            why = f"the record {shown(one.text('kind'))} at position {one.number('position')} was taken out of the log"
            self.whole["custody log"].wrong(why)
            kind, name = one.pair("subject")
            for photo in self.photos:
                if (kind, name) in (("evidence", photo.id), ("photo", photo.sha256)):
                    photo.marks["in log"].wrong(why)

    def _judge_files(self) -> None:
        mark = self.whole["files"]
        for flaw in self.content.flaws:
            mark.wrong(flaw)
        listed: dict[str, str] = {}
        for line in self.content.bytes_of("SHA256SUMS").decode("utf-8", "replace").splitlines():
            match = re.fullmatch("([0-9a-f]{64})  (.+)", line)
            if match is None or match.group(2) in listed:
                mark.wrong("a line of SHA256SUMS cannot be read or names a file twice")
            else:
                listed[match.group(2)] = match.group(1)
        for name, digest in self.content.digests.items():
            if name not in listed and name not in ("SHA256SUMS", "log.json"):
                mark.wrong(f"{shown(name)} does not belong to the bundle: SHA256SUMS does not list it")
            elif listed.get(name, digest) != digest:
                mark.wrong(f"{shown(name)} is not the file that SHA256SUMS lists")
        for name in listed:
            if name not in self.content.digests and name not in self.content.damage:
                mark.wrong(f"{shown(name)} is missing from the bundle")
        mark.right()

    def _judge_export(self) -> None:
        """Find the log's record of this export: it names the hash of SHA256SUMS, and so covers every other file."""
        mark, wanted = self.whole["export record"], self.content.digests.get("SHA256SUMS", "")
        subject = ("case", self.case.doc("case").text("id"))
        exports = [one for one in self.events.values() if one.kind == "exported" and one.subject == subject]
        mine = [one for one in exports if one.facts.members.get("sha256sums") == wanted]
        if not mine:
            mark.wrong("no record of the log binds SHA256SUMS: files were changed after the export, or it was not made")
            return
        mark.follow(mine[0].mark)
        mark.follow(mine[0].log.checkpoint)

    def _judge_order(self) -> None:
        absent, lost_prev = {}, []
        for one in self.case.docs("chains"):
            absent.update({(one.text("install_id"), number): "" for number in one.listed("missing_dseq")})
            lost_prev += [str(each) for each in one.listed("missing_prev")]
        for install in {item.install for item in self.items.values()}:
            check_order([item for item in self.items.values() if item.install == install], absent, lost_prev)

    # One photograph

    def _judge_photo(self, photo: Photo) -> None:
        marks = photo.marks
        marks["bytes"].attempt(lambda: self._demand_bytes(photo))
        item = self.items.get(photo.item)
        if item is None or not item.whole:
            marks["device signature"].wrong("case.json names this photograph, but no signed text declares it")
            marks["order"].unchecked("there is no signed text")
        else:
            marks["device signature"].follow(item.signature)
            marks["device signature"].attempt(lambda: self._demand_declared(photo, item))
            marks["order"].follow(item.order)
            self._judge_clock(photo, item)
        logs = self._judge_in_log(photo, item)
        if item is not None and item.key is not None and item.key.event is not None:
            logs.append(item.key.event.log)
        for log in logs:
            marks["checkpoint"].follow(log.checkpoint)
            marks["time token"].follow(log.time)
        if not logs:
            marks["checkpoint"].unchecked("no record of it is in the log")
            marks["time token"].unchecked("no record of it is in the log")

    def _demand_bytes(self, photo: Photo) -> None:
        _unhex(photo.sha256, 32, "a photograph's SHA-256")
        if not photo.present:
            if photo.file is not None:
                raise Flaw("case.json calls it absent and names a file")
            raise Unable(f"the photograph is not in the bundle: {shown(photo.given.text('absent'))}")
        name = photo.file or "no file"
        if not name.startswith(f"originals/{photo.sha256}."):
            raise Flaw(f"its file is called {shown(name)}, which is not its SHA-256")
        if name in self.content.damage:
            raise Flaw(self.content.damage[name])
        if name not in self.content.digests:
            raise Flaw(f"{shown(name)} is missing from the bundle")
        if self.content.digests[name] != photo.sha256:
            raise Flaw(f"{shown(name)} was changed: its SHA-256 is {self.content.digests[name]}")

    def _demand_declared(self, photo: Photo, item: Item) -> None:
        declared, position = item.photos(), photo.given.number("position")
        said = declared[position].members if position < len(declared) else {}
        if (said.get("sha256"), said.get("role")) != (photo.sha256, photo.role):
            repaired = item.given.members.get("repaired")
            if isinstance(repaired, dict):
                why = shown(repaired.get("reason"))
                raise Unable(f"the signed text does not declare it; a person at a desk repaired the text: {why}")
            raise Flaw("the signed text does not declare this SHA-256 and role at this place")
        if item.officer != photo.given.text("officer_id"):
            raise Flaw("case.json names another officer than the signed text")
        stated, wall = photo.given.text_or_none("captured_at"), item.wall()
        if stated is not None and (wall is None or abs(read_time(stated) - wall) >= timedelta(milliseconds=1)):
            raise Flaw("case.json states another time of capture than the signed text")

    def _judge_clock(self, photo: Photo, item: Item) -> None:
        """Compare the handset's clock with the log's: it may be wrong without ill will, but never silently."""
        wall, order = item.wall(), photo.marks["order"]
        declared = [one for one in self._about(("evidence", photo.id), "declared") if one.at is not None]
        for one in declared:
            if wall is not None and one.at is not None and wall > one.at + CLOCK_SLACK:
                order.unchecked(f"it says {_minute(wall)}, but was in the log at {_minute(one.at)}: its clock was fast")
        enrolled = item.key.event.at if item.key is not None and item.key.event is not None else None
        if wall is not None and enrolled is not None and wall < enrolled - CLOCK_SLACK:
            order.unchecked(
                f"it says {_minute(wall)}, but the key that signed it was enrolled at {_minute(enrolled)}: "
                "back-dated, or its clock was slow"
            )

    def _judge_in_log(self, photo: Photo, item: Item | None) -> list[Log]:
        mark = photo.marks["in log"]
        declared = self._about(("evidence", photo.id), "declared")
        arrived = [one for kind in ("received", "adopted") for one in self._about(("photo", photo.sha256), kind)]
        if not declared:
            self._lack(mark, ("evidence", photo.id), "the log's record that it was declared is missing")
        for one in declared:
            mark.attempt(lambda each=one: self._demand_same(photo, item, each))  # type: ignore[misc]  # bound now, called now
        if photo.present and not arrived:
            self._lack(mark, ("photo", photo.sha256), "the log's record that its bytes arrived is missing")
        for one in declared + arrived:
            mark.follow(one.mark)
        return [one.log for one in declared + arrived]

    def _lack(self, mark: Mark, subject: tuple[str, str], why: str) -> None:
        """Say that a record is missing, or lawfully disposed of: then its leaf is there, and a record that names it."""
        named = {
            str(name)
            for one in self._about(subject, "disposed")
            for name in one.facts.listed("events")
            if one.mark.state == RIGHT
        }
        gone = [one.text("id") for one in self.case.docs("events") if one.pair("subject") == subject]
        blank = [self.events[name] for name in gone if name in named and name in self.events]
        if any(one.kind == "" and one.mark.state == RIGHT for one in blank):
            mark.unchecked("its records were lawfully disposed of; the log keeps only their hashes")
        else:
            mark.wrong(why)

    def _demand_same(self, photo: Photo, item: Item | None, event: Event) -> None:
        facts, given = event.facts, photo.given
        logged = (facts.text("sha256"), facts.text("role"), facts.text("stage"), facts.text("item_id"), event.install)
        if logged != (photo.sha256, photo.role, given.text("stage"), photo.item[1], photo.item[0]):
            raise Flaw("the log says that another photograph, role, stage or record was declared")
        if event.actor != given.text("officer_id"):
            raise Flaw("the log names another officer")
        fingerprint = facts.members.get("fingerprint")
        if fingerprint is not None and item is not None and fingerprint != item.fingerprint:
            raise Flaw("the log says that another text declared it")

    def _about(self, subject: tuple[str, str], kind: str) -> list[Event]:
        return [one for one in self._by_subject.get(subject, []) if one.kind == kind]

    @property
    def _by_subject(self) -> dict[tuple[str, str], list[Event]]:
        if "_subjects" not in self.__dict__:
            self._subjects: dict[tuple[str, str], list[Event]] = {}
            for event in self.events.values():
                self._subjects.setdefault(event.subject, []).append(event)
        return self._subjects

    # Records: what the case rests on besides photographs, and what was signed but left out

    def _judge_records(self) -> None:
        mark = self.whole["records"]
        for one in self.case.docs("records"):
            item = self.items.get((one.text("install_id"), one.text("item_id")))
            if item is None or not item.whole:
                mark.wrong(f"case.json names a {shown(one.text('kind'))} that has no signed text")
        known = {(photo.item, photo.given.number("position")) for photo in self.photos}
        for place, item in self.items.items():
            for state in (item.signature, item.order):
                for why in state.why:
                    # A neighbour of another case may be unsound by itself; that only leaves the order unproven.
                    (mark.wrong if state.state == WRONG and item.whole else mark.unchecked)(f"{item.called()}: {why}")
            for position in range(len(item.photos())):
                if (place, position) not in known:
                    mark.wrong(f"{item.called()} declares a photograph that case.json leaves out")
        ids = [photo.id for photo in self.photos]
        if len(set(ids)) < len(ids) or len(known) < len(ids):
            mark.wrong("case.json names a photograph twice")
        mark.right()

    @property
    def status(self) -> int:
        """Return the exit status: 0 right, 1 wrong, 2 not all of it could be checked."""
        marks = list(self.whole.values()) + [mark for photo in self.photos for mark in photo.marks.values()]
        states = {mark.state for mark in marks}
        return 1 if WRONG in states else 2 if UNCHECKED in states else 0


# --- The report -------------------------------------------------------------------------------------------------------


def told(judgement: Judgement) -> str:
    """Return the report for people."""
    case, made = judgement.case.doc("case").members, judgement.case.members
    maker = made.get("made_by")
    name = maker.get("name") if isinstance(maker, dict) else "somebody"
    head = f"case {shown(case.get('case_no') or case.get('id'))}: {len(judgement.photos)} photographs, "
    lines = [head + f"exported {shown(made.get('made_at'))} by {shown(name)}"]
    for log in judgement.logs:
        seen = "" if log.token_time is None else f", seen by the time authority at {_minute(log.token_time)}"
        lines.append(f"log {shown(log.origin)}: {log.size} records{seen}")
    for photo in judgement.photos:
        lines.append(f"\n{photo.number:4}  {shown(photo.role)}  {shown(photo.file or photo.sha256)}")
        lines.append("      " + "  ".join(f"{name} {_sign(mark)}" for name, mark in photo.marks.items()))
        lines += [f"        - {name}: {shown(why)}" for name, mark in photo.marks.items() for why in mark.why]
    lines.append("\n" + "  ".join(f"{name} {_sign(mark)}" for name, mark in judgement.whole.items()))
    lines += [f"  - {name}: {shown(why)}" for name, mark in judgement.whole.items() for why in mark.why]
    lines += [f"  note: {shown(note)}" for note in judgement.notes]
    ends = {0: "All of it is right.", 1: "SOMETHING IS WRONG.", 2: "Nothing is wrong, but not all could be checked."}
    return "\n".join([*lines, ends[judgement.status]])


def _sign(mark: Mark) -> str:
    return {RIGHT: "✓", WRONG: "✗"}.get(mark.state, mark.state)


def as_json(judgement: Judgement) -> dict[str, Any]:
    """Return the report for programs."""

    def marks(of: dict[str, Mark]) -> dict[str, Any]:
        return {name: {"state": mark.state, "why": mark.why} for name, mark in of.items()}

    photos = [
        {"id": photo.id, "role": photo.role, "sha256": photo.sha256, "file": photo.file, "checks": marks(photo.marks)}
        for photo in judgement.photos
    ]
    return {"status": judgement.status, "bundle": marks(judgement.whole), "photos": photos, "notes": judgement.notes}


def judge(path: str, log_keys: Sequence[str] = (), tsa_cert: str | None = None, known: Sequence[str] = ()) -> Judgement:
    """Verify the bundle at ``path`` (ZIP or folder); Flaw or OSError if it cannot be read at all."""
    keys = [LogKey.read(_file_or_text(each)) for each in log_keys]
    certificate = None
    if tsa_cert is not None:
        with open(tsa_cert, "rb") as file:
            certificate = Certificate.read(file.read(MIB))
    notes = [Checkpoint.read(_file_or_text(each)) for each in known]
    files: Files = Folder(path) if os.path.isdir(path) else Zipped(path)
    return Judgement(files, keys, certificate, notes)


def _file_or_text(given: str) -> str:
    if not os.path.isfile(given):
        return given
    with open(given, encoding="utf-8") as file:
        return file.read(MIB)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("bundle", help="the ZIP file, or the folder into which it was unpacked")
    parser.add_argument(
        "--log-key", metavar="KEY", action="append", default=[], help="the custody log's public key, or its file"
    )
    parser.add_argument("--tsa-cert", metavar="FILE", help="the time authority's signing certificate (PEM or DER)")
    parser.add_argument("--known", metavar="FILE", action="append", default=[], help="a checkpoint known elsewhere")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    asked = parser.parse_args(arguments)
    try:
        found = judge(asked.bundle, asked.log_key, asked.tsa_cert, asked.known)
        status = found.status
        report = json.dumps(as_json(found), ensure_ascii=False, indent=1) if asked.json else told(found)
    except Exception as error:  # noqa: BLE001 (whatever a forged bundle can provoke must never look like a pass)
        why = str(error) if isinstance(error, (Flaw, Unable, OSError)) else f"{type(error).__name__}: {error}"
        report, status = f"SOMETHING IS WRONG: the bundle cannot be judged: {shown(why)}", 1
        if asked.json:
            report = json.dumps({"status": status, "bundle": {}, "photos": [], "notes": [shown(why)]})
    try:
        print(report)
    except UnicodeEncodeError:  # a terminal without these letters
        print(report.replace("✓", "ok").replace("✗", "WRONG").encode("ascii", "backslashreplace").decode())
    return status


if __name__ == "__main__":
    sys.exit(main())
