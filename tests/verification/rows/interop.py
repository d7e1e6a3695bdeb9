"""Row `interop`: unmodified stock tus clients carry photographs through a lossy proxy; every hash is equal.

tuspy and tus-js-client know nothing of this server; after an error of theirs they are started again on the same
upload, as a stock client that resumes does. A trial is one photograph, carried by each of them.
"""

import json
import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import requests
import world
from support.live import LiveServer, free_port
from support.lossy_proxy import LossyProxy, lossy_proxy, seeded
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed
from verification.pictures import Shot, shot
from verification.place import application, database_of, opened
from verification.rows.result import Result

from photo_store.blobs import BlobMissing, original_key
from photo_store.disk import DiskBlobs
from photo_store.fingerprint import digest
from server.config import Settings

ROW = "interop"
ROOT = Path(__file__).parents[3]
_TRIES = 60
_CHUNK = 24_000


@dataclass(frozen=True)
class Bench:
    """A running server behind a lossy proxy, and the credential of an install."""

    settings: Settings
    proxy: LossyProxy
    credential: dict[str, str]
    folder: Path

    @property
    def address(self) -> str:
        """Return where uploads are created."""
        return f"http://127.0.0.1:{self.proxy.port}/api/v1/uploads"


def run(count: int, start: int = 0, database: str = "sqlite") -> Result:
    """Carry ``count`` photographs with each client."""
    with opened(database) as settings:
        return run_in(settings, count, start)


def run_in(settings: Settings, count: int, start: int = 0) -> Result:
    """Carry ``count`` photographs on the migrated, empty database of ``settings``."""
    began, failures = time.monotonic(), list[str]()
    with _bench(settings) as bench:
        for seed in range(start, start + count):
            for place, (name, carry) in enumerate(CLIENTS.items()):
                dice = random.Random(seed)  # noqa: S311 (a seeded trace)
                taken = shot(seed * len(CLIENTS) + place, dice.choice((64, 256, 480)))
                bench.proxy.choose = seeded(seed, spared=0.5, reach=taken.size, seconds=0.1)
                failures += [f"{name}, seed {seed}: {finding}" for finding in _carried(bench, carry, taken)]
    return Result(ROW, database_of(settings), start, count, tuple(failures), time.monotonic() - began)


def _carried(bench: Bench, carry: Callable[[Bench, Shot], str | None], taken: Shot) -> Iterator[str]:
    fault = carry(bench, taken)
    if fault is not None:
        yield fault
        return
    try:
        with DiskBlobs(Path(bench.settings.blob_dir)).open(original_key(taken.sha256)) as original:
            if digest(original).sha256 != taken.sha256:
                yield "the stored bytes are others"
    except BlobMissing:
        yield "the client was done, and the photograph is not in the store"


def _by_tuspy(bench: Bench, taken: Shot) -> str | None:
    """Let tuspy upload; a fresh uploader resumes at the address that the last one had."""
    client = TusClient(bench.address, headers={**bench.credential, "Connection": "close"})
    address, fault = None, "never begun"
    for _ in range(_TRIES):
        uploader = None
        try:
            uploader = client.uploader(
                file_stream=BytesIO(taken.content), url=address, chunk_size=_CHUNK, metadata={"sha256": taken.sha256}
            )
            uploader.upload()
        # TypeError, ValueError: tuspy's own, where the line has damaged the name or the number of Upload-Offset.
        except (TusCommunicationError, TusUploadFailed, requests.RequestException, ValueError, TypeError) as error:
            fault = repr(error)
            status = getattr(error, "status_code", None)
            address = None if status in {404, 460} else getattr(uploader, "url", None) or address
        else:
            return None
    return fault


def _by_tus_js(bench: Bench, taken: Shot) -> str | None:
    """Let tus-js-client upload in a Node.js of its own; it retries by itself."""
    file = bench.folder / f"{taken.seed}.jpg"
    file.write_bytes(taken.content)
    facts = {
        "file": str(file),
        "endpoint": bench.address,
        "headers": {**bench.credential, "Connection": "close"},
        "sha256": taken.sha256,
        "chunkSize": _CHUNK,
        "tries": _TRIES,
    }
    script = Path("test-tus.js")
    told = subprocess.run(
        [str(ROOT / ".ci" / "node"), "node", str(script), json.dumps(facts)],
        cwd=ROOT / "frontend",
        env={**os.environ, "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return None if told.returncode == 0 else told.stderr[-400:]


CLIENTS: dict[str, Callable[[Bench, Shot], str | None]] = {"tuspy": _by_tuspy, "tus-js-client": _by_tus_js}


@contextmanager
def _bench(settings: Settings) -> Iterator[Bench]:
    chosen = replace(settings, port=free_port(), web_processes=1)
    with application(chosen) as app:
        enrolled = world.enrolled(app, people := world.city(app), people.collector)
    folder = chosen.blob_dir.parent / "interop"
    folder.mkdir(exist_ok=True)
    server = LiveServer(chosen, folder / "server.log")
    try:
        server.start(worker=False)
        with lossy_proxy(chosen.host, chosen.port) as proxy:
            yield Bench(chosen, proxy, enrolled.headers, folder)
    finally:
        server.kill()
