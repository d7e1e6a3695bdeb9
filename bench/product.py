"""The product as it is run: granian on a database of its own, and handsets enrolled in it."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import world  # of tests/: the small city that tests use too
from load import Writer
from support.live import environment

from server import create_app
from server.config import Settings
from server.launcher import web_command
from sync.handset.key import DeviceKey

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Running:
    """A running product: its address, the process to count, and handsets to push with."""

    url: str
    pid: int
    writers: list[tuple[Writer, dict[str, str]]]

    def client(self, place: int = 0) -> httpx.Client:
        """Return a client that speaks as one of the handsets."""
        return httpx.Client(base_url=self.url, headers=self.writers[place][1], timeout=60, trust_env=False)


@contextmanager
def product(folder: Path, database_url: str, handsets: int = 1, *, access_log: Path | None = None) -> Iterator[Running]:
    """Run the product until the block is left; with ``access_log`` it writes a line of JSON there for each request."""
    settings = Settings(
        database_url=database_url,
        blob_dir=folder / "blobs",
        spool_dir=folder / "spool",
        custody_key_file=folder / "custody.key",
        checkpoint_dir=folder / "checkpoints",
        queue_file=folder / "queue.sqlite3",
        secret_key="only for a benchmark",  # noqa: S106 (public on purpose)
        port=free_port(),
        log_level="WARNING" if access_log is None else "INFO",
        log_format="json",
        password_rounds=1,
        admin_totp=False,
    )
    app = create_app(settings)
    with app.app_context():
        app.test_cli_runner(catch_exceptions=False).invoke(args=["prepare"])
    city = world.city(app)
    enrolled = [world.enrolled(app, city, city.collector) for _ in range(handsets)]
    writers = [(Writer(UUID(str(one.install_id)), one.officer_id, DeviceKey(one.key)), one.headers) for one in enrolled]
    with nullcontext() if access_log is None else access_log.open("wb") as log:
        # The process has a handle of its own from here on.
        process = subprocess.Popen(
            web_command(settings), cwd=ROOT, env=environment(settings), process_group=0, stderr=log
        )
    try:
        url = f"http://{settings.host}:{settings.port}"
        wait_for(f"{url}/health")
        yield Running(url, process.pid, writers)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(address: str, seconds: float = 60) -> None:
    """Wait until something answers there."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            httpx.get(address, timeout=2, trust_env=False)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def free_port() -> int:
    """Return a loopback port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
