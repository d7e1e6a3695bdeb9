"""verify.py reads RFC 3161 tokens as `openssl ts` makes them, and refuses what is not one of this checkpoint."""

import base64
import json
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support import made_bundle
from support.made_bundle import Maker

from server.casework.bundle import verify
from server.casework.bundle.verify import Certificate, Flaw, Unable, check_token

KEYS = {
    "rsa": ["-newkey", "rsa:2048"],
    "p256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
}
CONFIG = """
[tsa]
default_tsa = one
[one]
dir = {folder}
serial = {folder}/serial
signer_cert = {folder}/cert.pem
signer_key = {folder}/key.pem
signer_digest = {digest}
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = {ess}
[req]
distinguished_name = dn
x509_extensions = v3
prompt = no
[dn]
CN = test authority
[v3]
basicConstraints = CA:FALSE
extendedKeyUsage = critical,{usage}
"""
TEXT = b"city.example/e1\n3\nroot\n"


@dataclass(frozen=True)
class Authority:
    """A time authority made with openssl in a folder."""

    folder: Path

    @property
    def certificate(self) -> Certificate:
        return Certificate.read((self.folder / "cert.pem").read_bytes())

    def stamp(self, text: bytes, *, hashed_with: str = "sha256", token_only: bool = False) -> bytes:
        """Return the authority's answer about a text."""
        (self.folder / "text").write_bytes(text)
        self.run("ts", "-query", "-data", "text", f"-{hashed_with}", "-cert", "-out", "query")
        only = ["-token_out"] if token_only else []
        self.run("ts", "-reply", "-config", "config", "-queryfile", "query", "-out", "answer", *only)
        return (self.folder / "answer").read_bytes()

    def run(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)  # noqa: S607 (whichever openssl the machine has)


def authority(
    folder: Path, key: str = "rsa", *, digest: str = "sha256", ess: str = "sha256", usage: str = "timeStamping"
) -> Authority:
    made = Authority(folder)
    folder.mkdir(exist_ok=True)
    (folder / "serial").write_text("01\n")
    (folder / "config").write_text(CONFIG.format(folder=folder, digest=digest, ess=ess, usage=usage))
    made.run("req", "-x509", "-nodes", *KEYS[key], "-config", "config", "-keyout", "key.pem", "-out", "cert.pem")
    return made


@pytest.mark.parametrize("key", sorted(KEYS))
@pytest.mark.parametrize("token_only", [False, True])
@pytest.mark.parametrize(("digest", "ess"), [("sha256", "sha256"), ("sha512", "sha1"), ("sha384", "sha512")])
def test_a_token_tells_when_the_checkpoint_existed(
    tmp_path: Path, *, key: str, token_only: bool, digest: str, ess: str
) -> None:
    made = authority(tmp_path, key, digest=digest, ess=ess)
    moment = check_token(made.stamp(TEXT, token_only=token_only), [b"other", TEXT], made.certificate)
    assert abs(moment - datetime.now(UTC)) < timedelta(minutes=2)


def test_a_token_about_another_checkpoint_is_wrong_with_or_without_certificate(tmp_path: Path) -> None:
    made = authority(tmp_path)
    token = made.stamp(b"another checkpoint")
    for certificate in (made.certificate, None):
        with pytest.raises(Flaw, match="another checkpoint"):
            check_token(token, [TEXT], certificate)


def test_a_token_without_a_certificate_is_not_believed(tmp_path: Path) -> None:
    with pytest.raises(Unable, match="no --tsa-cert"):
        check_token(authority(tmp_path).stamp(TEXT), [TEXT], None)


def test_a_token_of_another_authority_is_wrong(tmp_path: Path) -> None:
    token = authority(tmp_path / "one").stamp(TEXT)
    with pytest.raises(Flaw, match="another certificate"):
        check_token(token, [TEXT], authority(tmp_path / "two").certificate)


def test_a_certificate_for_other_purposes_proves_no_time(tmp_path: Path) -> None:
    made = authority(tmp_path)
    token = made.stamp(TEXT)
    plain = made.certificate._replace(stamps_time=False)
    with pytest.raises(Flaw, match="not one for time stamps"):
        check_token(token, [TEXT], plain)
    expired = made.certificate._replace(not_after=datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(Flaw, match="not valid"):
        check_token(token, [TEXT], expired)
    assert not authority(tmp_path / "mail", usage="emailProtection").certificate.stamps_time


def test_a_hash_that_we_do_not_know_is_not_called_wrong(tmp_path: Path) -> None:
    with pytest.raises(Unable, match="another algorithm"):
        check_token(authority(tmp_path).stamp(TEXT, hashed_with="sha512"), [TEXT], None)


@pytest.mark.parametrize("key", ["rsa", "p256"])
def test_no_byte_of_a_token_can_be_changed_unnoticed(tmp_path: Path, key: str) -> None:
    made = authority(tmp_path, key)
    token, certificate = made.stamp(TEXT, token_only=True), made.certificate
    moment, unnoticed = check_token(token, [TEXT], certificate), []
    embedded = token.find(certificate.der)
    for place in range(len(token)):
        if embedded <= place < embedded + len(certificate.der):
            continue  # the authority's own copy of its certificate is not what we trust
        forged = bytearray(token)
        forged[place] ^= 1
        try:
            if check_token(bytes(forged), [TEXT], certificate) != moment:
                unnoticed.append(place)
        except (Flaw, Unable):
            pass
    assert unnoticed == []


def test_a_token_cut_anywhere_is_refused(tmp_path: Path) -> None:
    made = authority(tmp_path)
    token = made.stamp(TEXT)
    for end in range(len(token)):
        with pytest.raises((Flaw, Unable)):
            check_token(token[:end], [TEXT], made.certificate)


def stamped(folder: Path, made: Authority, minutes: int) -> tuple[Path, Maker]:
    """Return a bundle whose checkpoint carries a token; its records were made ``minutes`` before now."""
    maker = made_bundle.made([b"a photograph"])
    begun = datetime.now(UTC) - timedelta(minutes=minutes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made_bundle, "BEGUN", begun)
        files = maker.files()
    log = json.loads(files["log.json"])
    newest = log["logs"][-1]
    newest["time_token"] = base64.b64encode(made.stamp(newest["checkpoint"].encode())).decode()
    path = folder / "case.zip"
    path.write_bytes(made_bundle.packed({**files, "log.json": json.dumps(log).encode()}))
    return path, maker


def test_a_bundle_with_a_token_is_right_only_with_the_authoritys_certificate(tmp_path: Path) -> None:
    made = authority(tmp_path / "tsa")
    path, maker = stamped(tmp_path, made, minutes=700)
    cert = str(tmp_path / "tsa/cert.pem")
    found = {name: verify.judge(str(path), [maker.verifier], name) for name in (cert, None)}
    assert [found[name].status for name in (cert, None)] == [0, 2]
    states = [found[name].photos[0].marks["time token"].state for name in (cert, None)]
    assert states == ["right", "not checked"]
    assert "seen by the time authority at" in verify.told(found[cert])


def test_records_younger_than_the_token_that_saw_them_are_wrong(tmp_path: Path) -> None:
    path, maker = stamped(tmp_path, authority(tmp_path / "tsa"), minutes=0)
    found = verify.judge(str(path), [maker.verifier], str(tmp_path / "tsa/cert.pem"))
    assert (found.status, found.photos[0].marks["time token"].state) == (1, "wrong")


def test_a_certificate_without_a_token_leaves_the_time_unchecked(tmp_path: Path) -> None:
    authority(tmp_path / "tsa")
    maker = made_bundle.made([b"a photograph"])
    path = tmp_path / "case.zip"
    path.write_bytes(made_bundle.packed(maker.files()))
    found = verify.judge(str(path), [maker.verifier], str(tmp_path / "tsa/cert.pem"))
    assert (found.status, found.photos[0].marks["time token"].state) == (2, "not checked")
