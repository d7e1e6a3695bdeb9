"""A time authority for tests (RFC 3161): `openssl ts` behind a small HTTP server, with a root of its own."""

import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

_CONFIGURATION = """\
[tsa]
default_tsa = authority
[authority]
serial = {folder}/serial
signer_cert = {folder}/authority.pem
signer_key = {folder}/authority.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


@dataclass
class TimeAuthority:
    """A running authority. ``broken``: what it answers instead of a token, as (status, body)."""

    url: str
    root: Path
    broken: tuple[int, bytes] | None = None
    asked: list[bytes] = field(default_factory=list)


@pytest.fixture(scope="session")
def authority_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the authority's keys, certificates and configuration."""
    folder = tmp_path_factory.mktemp("authority")
    root_key, root = _certificate("Test root", None, None)
    key, certificate = _certificate("Test time authority", root_key, root)
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (folder / "authority.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "authority.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "serial").write_text("01\n")
    (folder / "authority.cnf").write_text(_CONFIGURATION.format(folder=folder))
    return folder


@pytest.fixture
def time_authority(authority_door: TimeAuthority) -> TimeAuthority:
    """Return an authority that answers on loopback and was asked nothing yet."""
    authority_door.broken = None
    authority_door.asked.clear()
    return authority_door


@pytest.fixture(scope="session")
def authority_door(authority_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimeAuthority]:
    """Return the session's authority: one address, so that tests with equal settings share an application."""
    made = TimeAuthority("", authority_folder / "root.pem")
    place = tmp_path_factory.mktemp("asked")

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            made.asked.append(query)
            status, body = made.broken or (200, _answer(authority_folder, place, query))
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    made.url = f"http://127.0.0.1:{server.server_port}/tsr"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def _answer(folder: Path, place: Path, query: bytes) -> bytes:
    (place / "query.tsq").write_bytes(query)
    openssl(
        "ts",
        "-reply",
        "-config",
        f"{folder}/authority.cnf",
        "-queryfile",
        f"{place}/query.tsq",
        "-out",
        f"{place}/answer.tsr",
    )
    return (place / "answer.tsr").read_bytes()


def openssl(*arguments: str) -> str:
    """Run openssl, which must succeed."""
    done = subprocess.run(["/usr/bin/env", "openssl", *arguments], capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _certificate(
    name: str, issuer_key: rsa.RSAPrivateKey | None, issuer: x509.Certificate | None
) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """Return a root, or a time authority's certificate that the root has signed."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    today = datetime.now(UTC)
    draft = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    signing = issuer_key or key
    draft = draft.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
    )
    if issuer is not None:
        usage = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.TIME_STAMPING])
        draft = draft.add_extension(usage, critical=True)
    return key, draft.sign(signing, hashes.SHA256())
