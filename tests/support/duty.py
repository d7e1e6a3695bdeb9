"""What a handset does about its officers, on the test client: prove presence, take a shift, renew the credential."""

from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

import world
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session
from support.field import FieldHandset
from werkzeug.test import TestResponse

from server.db import transact
from server.identity import operations
from server.identity.models import Install

SESSION, SHIFT, CREDENTIAL = "/api/v1/sync/session", "/api/v1/sync/shift", "/api/v1/sync/credential"


def new_key() -> ec.EllipticCurvePrivateKey:
    """Make an officer's key."""
    return ec.generate_private_key(ec.SECP256R1())


def offered(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """Return the wire's public key."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {"alg": "ES256", "key": urlsafe_b64encode(der).decode().rstrip("=")}


def code_for(app: Flask, city: world.World, person: world.Person) -> str:
    """Let the administrator issue a code."""
    with app.app_context():
        return transact(operations.create_enrolment_code, world.acting(app, city.admin), person.id).code


def revoke(app: Flask, city: world.World, handset: FieldHandset) -> None:
    """Let the administrator revoke a handset."""
    with app.app_context():
        transact(operations.revoke, world.acting(app, city.admin), handset.enrolled.install_id)


def proof(
    handset: FieldHandset,
    person: world.Person,
    key: ec.EllipticCurvePrivateKey,
    *,
    at: datetime | None = None,
    nonce: str | None = None,
) -> dict[str, Any]:
    """Sign that an officer is there, as docs/protocol.md section 3 says."""
    moment = (at or datetime.now(UTC)).isoformat()
    random = nonce or token_urlsafe(16)
    parts = ("fieldsync1-session", str(handset.enrolled.install_id), str(person.id), moment, random)
    r, s = decode_dss_signature(key.sign("\0".join(parts).encode(), ec.ECDSA(SHA256())))
    value = urlsafe_b64encode(r.to_bytes(32) + s.to_bytes(32)).decode().rstrip("=")
    signature = {"alg": "ES256", "value": value}
    return {"officer_id": str(person.id), "at": moment, "nonce": random, "sig": signature}


def post(handset: FieldHandset, path: str, document: object) -> TestResponse:
    """Post a document with the handset's credential."""
    return handset.client.post(path, json=document, headers=handset.headers)


def join(handset: FieldHandset, code: str, key: ec.EllipticCurvePrivateKey) -> TestResponse:
    """Ask for the shift of another officer."""
    return post(handset, SHIFT, {"code": code, "public_key": offered(key)})


def borne_by(handset: FieldHandset, person: world.Person, key: ec.EllipticCurvePrivateKey) -> FieldHandset:
    """Return the same handset in the hands of another officer, who has an outbox and a mirror of the own."""
    enrolled = replace(handset.enrolled, officer_id=person.id, key=key)
    return FieldHandset(handset.app, enrolled, dseq=handset.dseq)


def with_credential(handset: FieldHandset, credential: str) -> FieldHandset:
    """Return the same handset with another credential."""
    headers = {"Authorization": f"Bearer {credential}"}
    return replace(handset, enrolled=replace(handset.enrolled, credential=credential, headers=headers))


def named(credential: str) -> dict[str, str]:
    """Return the request that names the next credential."""
    return {"next_sha256": sha256(credential.encode()).hexdigest()}


def end_of_session(handset: FieldHandset) -> None:
    """Let the session of the officer on shift run out."""
    change_install(handset, session_until=datetime(2026, 1, 1, tzinfo=UTC))


def change_install(handset: FieldHandset, **values: object) -> None:
    """Write into the install's row what only time could."""
    with handset.app.app_context():
        transact(_change, handset, values)


def _change(session: Session, handset: FieldHandset, values: dict[str, object]) -> None:
    session.execute(update(Install).where(Install.id == handset.enrolled.install_id).values(**values))
